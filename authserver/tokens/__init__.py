"""The token endpoint (RFC 6749 §3.2): who asks, for what, and the token that answers."""
