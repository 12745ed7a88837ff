"""Tests of tokens, connections and calls that belong to a certificate."""
