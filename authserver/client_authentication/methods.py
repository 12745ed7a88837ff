"""Which method of client authentication a request uses: exactly one, and the one that the client registered.

RFC 6749 §2.3, https://www.rfc-editor.org/rfc/rfc6749; RFC 8705 §2, https://www.rfc-editor.org/rfc/rfc8705.
"""

from collections.abc import Sequence

from authserver.client_authentication.authenticated import FAILED
from authserver.clients.registered_client import PRIVATE_KEY_JWT, RegisteredClient
from authserver.endpoints.forms import Form
from sender_constraint.core.errors import InvalidClient, InvalidRequest
from sender_constraint.core.rules import enforces, rule

ONE_METHOD = rule(
    "client.one-method", "RFC 6749 §2.3", "The client authenticates in more than one way."
).explained(
    "one authentication method",
    "a certificate or an assertion, and also {presented}",
    "Omit client_secret, the Authorization header, and anything else that is not the registered method.",
)
METHOD_SUPPORTED = rule(
    "client.method-supported",
    "RFC 6749 §2.3",
    "The client authenticates with a secret, which is not supported.",
).explained(
    "a client certificate, or an assertion (private_key_jwt)",
    "{presented}",
    "Authenticate with the client certificate over mutual TLS, or with an assertion; client secrets do "
    "not exist here.",
)
CLIENT_ID = rule("token-request.client-id", "RFC 8705 §2", "The parameter client_id is missing.").explained(
    "the parameter client_id",
    "no client_id",
    "Add client_id to the body: RFC 8705 §2 requires it alongside the certificate.",
)
KNOWN_CLIENT = rule(
    "client.known", "RFC 6749 §5.2", "No client with this client_id is registered."
).explained(
    "the client_id of a registered client",
    "{presented}",
    "Check the spelling of client_id (it is not the certificate's subject), or have the bank register the "
    "client.",
)
REGISTERED_METHOD = rule(
    "client.registered-method", "RFC 8705 §2.1", "The client is registered for another authentication method."
).explained(
    "the method that the client is registered for: {expected}",
    "{presented}",
    "Authenticate with the registered method, or have the bank register the client for the other one.",
)

ASSERTION_MISSING = rule(
    "assertion.missing", "RFC 7523 §2.2", "A client registered for private_key_jwt sent no assertion."
).explained(
    "client_assertion and client_assertion_type, from a client registered for {expected}",
    "neither an assertion nor a certificate",
    "Sign an assertion with the registered key (RFC 7523 §3), and send it with its type.",
)

# In the same words whatever method a client registered, and for an unknown one: they reveal no client.
NOTHING_PRESENTED = "No client assertion (private_key_jwt) and no client certificate was presented"

# RFC 6749 §2.3.1, RFC 7521 §4.2: what in a form says who the client is, beside a certificate.
CREDENTIAL_PARAMETERS = ("client_secret", "client_assertion", "client_assertion_type")


@enforces(ONE_METHOD)
def check_one_method(ways: Sequence[object], credentials: Sequence[str]) -> None:
    """RFC 6749 §2.3: the client MUST NOT use more than one authentication method in each request.

    ways: certificates, or the names of parameters.
    """
    if ways and credentials:
        raise InvalidRequest(
            ONE_METHOD, "The client authenticates in more than one way", presented=list(credentials)
        )


@enforces(METHOD_SUPPORTED)
def check_method_supported(credentials: Sequence[str]) -> None:
    """RFC 6749 §2.3: a method that this server does not have is refused, never passed over."""
    if credentials:
        raise InvalidClient(
            METHOD_SUPPORTED, "The client authentication method is not supported", presented=list(credentials)
        )


@enforces(CLIENT_ID)
def check_client_id(form: Form) -> None:
    """RFC 8705 §2: the client MUST include client_id, by which the server finds what to compare."""
    if "client_id" not in form:
        raise InvalidRequest(CLIENT_ID, "client_id is missing")


@enforces(KNOWN_CLIENT)
def check_known(client: RegisteredClient | None, client_id: str) -> RegisteredClient:
    """RFC 6749 §5.2: an unknown client is invalid_client. Returns the client, which is known then."""
    if client is None:
        raise InvalidClient(KNOWN_CLIENT, FAILED, presented=client_id[:200])
    return client


@enforces(REGISTERED_METHOD)
def check_registered_method(client: RegisteredClient, method: str) -> None:
    """RFC 8705 §2.1: a client uses the method that it registered, and no other."""
    if client.token_endpoint_auth_method != method:
        raise InvalidClient(
            REGISTERED_METHOD, FAILED, expected=client.token_endpoint_auth_method, presented=method
        )


@enforces(ASSERTION_MISSING)
def check_assertion_present(client: RegisteredClient | None, certificates: Sequence[bytes]) -> None:
    """RFC 7523 §2.2, RFC 6749 §5.2: nothing authenticates a client that signs assertions but an assertion."""
    if certificates or client is None or client.token_endpoint_auth_method != PRIVATE_KEY_JWT:
        return
    raise InvalidClient(ASSERTION_MISSING, NOTHING_PRESENTED, expected=PRIVATE_KEY_JWT)


def credentials_of(form: Form, authorization: str | None) -> tuple[str, ...]:
    """What says who the client is beside a certificate, by name: parameters, and the Authorization header."""
    presented = tuple(name for name in CREDENTIAL_PARAMETERS if name in form)
    return presented if authorization is None else (*presented, "Authorization")
