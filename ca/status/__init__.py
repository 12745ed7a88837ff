"""Whether certificates still hold: OCSP (RFC 6960), revocation lists (RFC 5280 §5), and revoking."""
