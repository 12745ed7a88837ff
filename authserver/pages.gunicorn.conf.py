from operations.settings.gunicorn import plain_front

globals().update(plain_front("authserver", "PAGES_BIND"))
