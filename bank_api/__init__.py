"""The bank's API: accounts and payments, for companies that call with certificate-bound tokens."""
