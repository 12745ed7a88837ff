from operations.settings.gunicorn import plain_front

#: Address of the plain HTTP port for OCSP, revocation lists, certificates and the directory.
globals().update(plain_front("ca", "PUBLIC_BIND", urgent=("/ocsp", "/directory/jwks")))
