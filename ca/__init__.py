"""The scheme operator: a certificate authority, its register, and EST (RFC 7030) for those who enrol."""
