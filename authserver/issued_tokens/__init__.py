"""The tokens that this server issued and that have not ended, and what was used that may be used once only."""
