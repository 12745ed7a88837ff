"""What this authorization server says about itself (RFC 8414)."""
