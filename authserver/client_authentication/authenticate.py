"""Client authentication, from a form and a connection to the client that proved who it is.

RFC 6749 §2.3, https://www.rfc-editor.org/rfc/rfc6749; RFC 8705 §2, https://www.rfc-editor.org/rfc/rfc8705.
Every endpoint that clients call asks here. Values in, a client or a refusal out.

An unknown client and a certificate with another name get the same answer: nobody learns who is registered.
"""

from datetime import datetime

from authserver.client_authentication.authenticated import AuthenticatedClient, Connection, FindClient
from authserver.client_authentication.certificate_names import (
    check_registered_name,
    verify_scheme_certificate,
)
from authserver.client_authentication.methods import (
    check_client_id,
    check_known,
    check_method_supported,
    check_one_method,
    check_registered_method,
    credentials_of,
)
from authserver.clients.registered_client import TLS_CLIENT_AUTH
from authserver.tokens.token_request import Form
from sender_constraint.certificate_checks import TrustAnchors
from sender_constraint.revocation import StatusSource


def authenticate(
    form: Form,
    connection: Connection,
    find_client: FindClient,
    anchors: TrustAnchors,
    status: StatusSource,
    now: datetime,
) -> AuthenticatedClient:
    """The client that this request is from.

    Raises InvalidRequest for more than one way to authenticate, InvalidClient for none and for one that
    fails, and TemporarilyUnavailable where the status of a certificate cannot be had.
    """
    check_client_id(form)
    credentials = credentials_of(form, connection.authorization)
    check_one_method(connection.certificates, credentials)
    check_method_supported(credentials)
    verified = verify_scheme_certificate(connection.certificates, anchors, status, now)
    client_id = form.get("client_id", ("",))[0]
    client = check_known(find_client(client_id), client_id)
    check_registered_method(client, TLS_CLIENT_AUTH)
    check_registered_name(client, verified.certificate)
    return AuthenticatedClient(client, verified)
