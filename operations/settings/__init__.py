"""Settings from the environment, for Django and gunicorn."""
