"""The partner's service: it calls the bank with tokens bound to a certificate that turns by itself."""
