"""JWS, JWK, JWT and strict JSON."""
