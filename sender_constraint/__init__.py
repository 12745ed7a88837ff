"""What it means for an access token to be bound to its sender: RFC 8705, for clients, APIs and servers."""
