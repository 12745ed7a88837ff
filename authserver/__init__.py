"""The bank's authorization server: it knows the clients, and issues access tokens bound to certificates."""
