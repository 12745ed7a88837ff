"""The TLS front for gunicorn."""
