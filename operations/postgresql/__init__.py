"""A database backend: PostgreSQL for processes that end at once when they are done (``ENGINE``)."""
