from operations.settings.gunicorn import tls_front

globals().update(tls_front("authserver", urgent=("/status-lists/", "/introspect", "/jwks", "/.well-known/")))
