"""``./scripts/soak``: certificates turn a great many times under load, while processes are killed."""
