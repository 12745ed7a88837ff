from operations.settings.gunicorn import plain_front

#: Address of the admin pages.
globals().update(plain_front("ca", "PAGES_BIND"))
