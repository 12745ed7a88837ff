"""The protected resource: verify an access token, and that its sender is the one it is bound to."""
