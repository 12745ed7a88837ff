from operations.settings.gunicorn import plain_front

globals().update(plain_front("ca", "PUBLIC_BIND", urgent=("/ocsp", "/directory/jwks")))
