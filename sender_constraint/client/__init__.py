"""Obtain, keep and present access tokens that are bound to the caller's certificate."""
