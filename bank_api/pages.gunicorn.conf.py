from operations.settings.gunicorn import plain_front

globals().update(plain_front("bank_api", "PAGES_BIND"))
