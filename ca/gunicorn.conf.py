from operations.settings.gunicorn import tls_front

globals().update(tls_front("ca", urgent=("/directory/jwks",)))
