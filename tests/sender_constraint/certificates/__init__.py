"""Tests of generations, renewal, enrolment and the EST client."""
