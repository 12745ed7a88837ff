"""The audit trail, and what is read from it."""
