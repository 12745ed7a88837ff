"""The keys that sign tokens, and the document that publishes their public halves (RFC 7517 §5)."""
