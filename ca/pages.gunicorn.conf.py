from operations.settings.gunicorn import plain_front

globals().update(plain_front("ca", "PAGES_BIND"))
