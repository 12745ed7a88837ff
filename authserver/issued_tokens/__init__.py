"""The tokens that this server issued and that have not ended: what it takes to revoke them."""
