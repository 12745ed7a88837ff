"""Payments: made once for each idempotency key, whatever happens on the way."""
