"""The TLS front for gunicorn: asks for a certificate, accepts any, and proves possession of its key."""
