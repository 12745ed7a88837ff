"""To what a token is bound: what the client registered decides (RFC 8705 §3.4)."""

from authserver.client_authentication.authenticated import AuthenticatedClient
from sender_constraint.confirmation import X5T_S256, Confirmation


def confirmation_for(authenticated: AuthenticatedClient) -> Confirmation | None:
    """How whoever presents the token proves to be this client; None for a token that is not bound."""
    if authenticated.client.tls_client_certificate_bound_access_tokens and authenticated.certificate:
        return Confirmation(X5T_S256, authenticated.certificate.thumbprint)
    return None
