"""The introspection endpoint (RFC 7662): what a token is worth now, for those whom it concerns."""
