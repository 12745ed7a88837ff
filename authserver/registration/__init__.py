"""Dynamic client registration (RFC 7591) and its management by the clients themselves (RFC 7592)."""
