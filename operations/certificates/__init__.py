"""A service's own certificates and keys: enrollment and renewal."""
