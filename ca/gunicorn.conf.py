from sender_constraint.server.defaults import tls_front

globals().update(tls_front("ca", urgent=("/directory/jwks",)))
