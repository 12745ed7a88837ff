"""A database backend: SQLite for servers that answer many callers in one process (``ENGINE``)."""
