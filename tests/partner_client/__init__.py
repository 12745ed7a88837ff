"""Tests of the partner's service."""
