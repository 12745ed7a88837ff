from sender_constraint.server.defaults import plain_front

globals().update(plain_front("ca", "PUBLIC_BIND", urgent=("/ocsp", "/directory/jwks")))
