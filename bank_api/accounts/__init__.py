"""Accounts, and to whom they were opened."""
