"""Client authentication: from a form and a connection to the client that sent them.

RFC 6749 §2.3, https://www.rfc-editor.org/rfc/rfc6749; RFC 8705 §2, https://www.rfc-editor.org/rfc/rfc8705;
RFC 7523 §2.2, https://www.rfc-editor.org/rfc/rfc7523. Every endpoint that clients call uses it. A client
uses the method that it registered, and one method per request: an assertion, or else the certificate of its
connection. With an assertion, a certificate does not authenticate the client; it may bind the token.

An unknown client and a certificate with another name get the same response, after the same work (``decoys``):
neither the response nor its timing reveals which clients are registered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authserver.client_authentication.assertions import (
    ASSERTION_PARAMETERS,
    check_once,
    presented_assertion,
    verify_assertion,
)
from authserver.client_authentication.authenticated import AuthenticatedClient, Connection, FindClient
from authserver.client_authentication.certificate_names import (
    check_registered_name,
    verify_scheme_certificate,
)
from authserver.client_authentication.decoys import registered_for, verify_in_vain
from authserver.client_authentication.methods import (
    NOTHING_PRESENTED,
    check_assertion_present,
    check_client_id,
    check_known,
    check_method_supported,
    check_one_method,
    check_registered_method,
    credentials_of,
)
from authserver.client_authentication.self_signed import verify_registered_certificate
from authserver.clients.client_certificates import certificate_of
from authserver.clients.registered_client import (
    PRIVATE_KEY_JWT,
    SELF_SIGNED_TLS_CLIENT_AUTH,
    TLS_CLIENT_AUTH,
    RegisteredClient,
)
from authserver.endpoints.forms import Form
from operations.settings.fapi2 import FAPI2
from sender_constraint.core.certificate_checks import TrustAnchors, check_presented
from sender_constraint.core.errors import InvalidClient
from sender_constraint.core.revocation import StatusSource


@dataclass(frozen=True, slots=True)
class AuthenticationContext:
    """What a client is authenticated against.

    issuer, token_endpoint: this server's names in the audience of assertions. fapi2: whether FAPI 2.0 applies
    to the server as a whole. keys_of: returns a client's JWK set, registered or fetched; raises
    TemporarilyUnavailable. is_used: whether a use of an assertion is on record. now: aware.
    """

    issuer: str
    token_endpoint: str
    fapi2: bool
    find_client: FindClient
    keys_of: Callable[[RegisteredClient], Mapping[str, Any]]
    anchors: TrustAnchors
    status: StatusSource
    is_used: Callable[[str], bool]
    now: datetime

    def audiences(self, client: RegisteredClient) -> tuple[str, ...]:
        """FAPI 2.0 §5.3.2.1, draft-ietf-oauth-rfc7523bis §4: the issuer.

        Outside FAPI 2.0 also the token endpoint, for a client that the operator registered for it: its
        software is from before the draft. What another server has it sign could be used here (the draft, §1).
        """
        if client.assertion_audience_token_endpoint and not (self.fapi2 or client.profile == FAPI2):
            return (self.issuer, self.token_endpoint)
        return (self.issuer,)


def authenticate(form: Form, connection: Connection, context: AuthenticationContext) -> AuthenticatedClient:
    """The client that sent this request.

    An assertion is not recorded as used: until the caller does that, the client may send it again.
    Raises InvalidRequest for more than one authentication method, InvalidClient for none and for one that
    fails, and TemporarilyUnavailable if a certificate's status or the client's keys are unavailable.
    """
    credentials = credentials_of(form, connection.authorization)
    asserted = [name for name in credentials if name in ASSERTION_PARAMETERS]
    others = [name for name in credentials if name not in ASSERTION_PARAMETERS]
    check_one_method([*connection.certificates, *asserted], others)
    check_method_supported(others)
    if asserted:
        return _by_assertion(form, connection, context, asserted)
    return _by_certificate(form, connection, context)


def _by_certificate(
    form: Form, connection: Connection, context: AuthenticationContext
) -> AuthenticatedClient:
    check_client_id(form)
    client_id = form.get("client_id", ("",))[0]
    found = context.find_client(client_id)
    check_assertion_present(found, connection.certificates)
    check_presented(connection.certificates, InvalidClient, NOTHING_PRESENTED)
    if found is not None and found.token_endpoint_auth_method == SELF_SIGNED_TLS_CLIENT_AUTH:
        registered = [certificate_of(key) for key in context.keys_of(found)["keys"]]
        own = verify_registered_certificate(
            connection.certificates, registered, context.anchors, context.status, context.now
        )
        return AuthenticatedClient(found, own)
    verified = verify_scheme_certificate(
        connection.certificates, context.anchors, context.status, context.now
    )
    try:
        check_registered_name(registered_for(TLS_CLIENT_AUTH, found), verified.certificate)
    except InvalidClient:
        check_registered_method(check_known(found, client_id), TLS_CLIENT_AUTH)
        raise
    client = check_known(found, client_id)
    check_registered_method(client, TLS_CLIENT_AUTH)
    return AuthenticatedClient(client, verified)


def _by_assertion(
    form: Form, connection: Connection, context: AuthenticationContext, asserted: list[str]
) -> AuthenticatedClient:
    if connection.certificates and (both := _certificate_too(form, connection, context)):
        check_one_method(connection.certificates, asserted)
        return both
    assertion = presented_assertion(form)
    found = context.find_client(assertion.client_id)
    client = registered_for(PRIVATE_KEY_JWT, found)
    try:
        verify_assertion(assertion, client, context.keys_of(client), context.audiences(client), context.now)
    except InvalidClient as refusal:
        verify_in_vain(assertion, refusal)
        check_registered_method(check_known(found, assertion.client_id), PRIVATE_KEY_JWT)
        raise
    client = check_known(found, assertion.client_id)
    check_registered_method(client, PRIVATE_KEY_JWT)
    key, _ = assertion.use
    check_once(client.client_id, first=not context.is_used(key))
    return AuthenticatedClient(client, None, assertion.use)


def _certificate_too(
    form: Form, connection: Connection, context: AuthenticationContext
) -> AuthenticatedClient | None:
    """The client that the certificate alone would authenticate; only that client learns of its mistake."""
    found = context.find_client(form.get("client_id", ("",))[0])
    if found is None or found.token_endpoint_auth_method == PRIVATE_KEY_JWT:
        return None
    try:
        return _by_certificate(form, connection, context)
    except InvalidClient:
        return None
