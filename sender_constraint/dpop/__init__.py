"""Demonstrating Proof of Possession at the application layer: RFC 9449."""
