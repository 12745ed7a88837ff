"""The clients that may ask for tokens: their registration (RFC 7591) and what is kept of it."""
