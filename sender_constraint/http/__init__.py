"""Bounded requests, deadlines and the refresh-ahead cache."""
