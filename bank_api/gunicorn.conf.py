from operations.settings.gunicorn import tls_front

globals().update(tls_front("bank_api"))
