"""What this API says about itself (RFC 9728)."""
