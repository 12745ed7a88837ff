"""Tests of the generators of the documentation."""
