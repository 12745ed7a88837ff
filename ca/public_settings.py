"""Settings of the second surface, plain HTTP: the same service with other addresses, and no EST."""

from ca.settings import *  # noqa: F403 - the same settings, but for the addresses

ROOT_URLCONF = "ca.public_urls"
WSGI_APPLICATION = "ca.public_wsgi.application"
