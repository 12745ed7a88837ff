"""Background tasks and their history."""
