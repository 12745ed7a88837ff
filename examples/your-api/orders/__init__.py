"""An API that existed before: it takes bearer tokens."""
