"""Management commands about clients."""
