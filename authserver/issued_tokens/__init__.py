"""The tokens that this server issued and that have not ended, and what was used and may be used once only."""
