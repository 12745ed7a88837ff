"""OAuth 2.0 Dynamic Client Registration Protocol: from metadata to a registered client, and back.

RFC 7591 §2, §3.1, §3.2.1, https://www.rfc-editor.org/rfc/rfc7591. There are no client secrets. Metadata
that is not understood is ignored (§2); what is understood and not supported, or contradicts itself, is
refused by name.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from authserver.clients import extensions, grants
from authserver.clients.bindings import binding
from authserver.clients.certificate_names import certificate_names
from authserver.clients.client_keys import client_keys
from authserver.clients.members import check_characters, metadata_rule, text
from authserver.clients.registered_client import JWT_FORMAT, RegisteredClient
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.core.rules import enforces
from sender_constraint.jose.strict_json import parse_object

DOCUMENT = metadata_rule(
    "registration.document",
    "RFC 7591 §3.1",
    "The metadata is not a JSON object with unique members, or too large.",
)
CLIENT_ID = metadata_rule(
    "registration.client-id", "RFC 6749 §A.1", "The client_id is empty, too long, or not printable ASCII."
)
CLIENT_NAME = metadata_rule("registration.client-name", "RFC 7591 §2", "The client_name is too long.")

LARGEST_DOCUMENT_BYTES = 65_536
LONGEST_NAME_CHARACTERS = 200
# Values of extensions that a client does not use, and of a binding that is not there.
_UNUSED: dict[str, Any] = {
    "access_token_format": JWT_FORMAT,
    "assertion_audience_token_endpoint": False,
    "dpop_bound_access_tokens": False,
    "dpop_nonce_required": False,
    "introspects": [],
}
_NEVER = object()
# RFC 6749 §A.1 allows spaces too; an identifier with one is a mistake sooner or later.
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """What this server can offer to a client.

    scopes, resources: what it knows, in the order of its settings.
    demo: whether a client may ask for tokens that are not bound.
    jwks_uri_hosts: of which addresses clients' keys are fetched; ``host`` or ``host:port``.
    longest_lifetime_seconds: for how long a client may have its access tokens live.
    """

    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    demo: bool
    jwks_uri_hosts: tuple[str, ...] = ()
    longest_lifetime_seconds: int = extensions.LONGEST_LIFETIME_SECONDS


@enforces(DOCUMENT)
def read_metadata(document: bytes) -> dict[str, Any]:
    """The client's metadata (RFC 7591 §3.1) from JSON in UTF-8. Raises InvalidClientMetadata."""
    if len(document) > LARGEST_DOCUMENT_BYTES:
        raise InvalidClientMetadata(DOCUMENT, f"The metadata is larger than {LARGEST_DOCUMENT_BYTES} bytes")
    try:
        return parse_object(document)
    except ValueError as error:
        raise InvalidClientMetadata(DOCUMENT, f"The metadata is invalid: {error}") from error


def register(metadata: Mapping[str, Any], policy: RegistrationPolicy) -> RegisteredClient:
    """The client that this metadata describes. Raises InvalidClientMetadata, which names the member.

    ``client_id`` is the server's to choose (RFC 7591 §3.2.1); an operator may say it in the metadata.
    """
    check_characters(metadata)
    client_id = text(metadata, "client_id")
    client_name = text(metadata, "client_name")
    check_client_id(client_id)
    check_client_name(client_name)
    method = grants.auth_method(metadata)
    algorithm = grants.signing_algorithm(metadata, method)
    names = certificate_names(metadata, method)
    bound = binding(metadata, method, policy.demo)
    keys = client_keys(metadata, method, algorithm, policy.jwks_uri_hosts)
    allowed, default = extensions.resources(metadata, policy.resources)
    return RegisteredClient(
        client_id=client_id or secrets.token_urlsafe(16),
        client_name=client_name or "",
        token_endpoint_auth_method=method,
        **names,
        token_endpoint_auth_signing_alg=algorithm,
        assertion_audience_token_endpoint=extensions.token_endpoint_audience(metadata, method),
        tls_client_certificate_bound_access_tokens=bound.certificate,
        dpop_bound_access_tokens=bound.dpop,
        grant_types=grants.grant_types(metadata),
        scope=grants.scope(metadata, policy.scopes),
        jwks=keys.jwks,
        jwks_uri=keys.jwks_uri,
        resources=allowed,
        default_resource=default,
        access_token_lifetime_seconds=extensions.lifetime_seconds(metadata, policy.longest_lifetime_seconds),
        access_token_format=extensions.token_format(metadata),
        profile=extensions.profile(metadata, bound),
        dpop_nonce_required=bound.nonce_required,
        introspects=extensions.introspects(metadata, policy.resources),
    )


def client_information(client: RegisteredClient, issued_at: datetime) -> dict[str, Any]:
    """The client information response (RFC 7591 §3.2.1): everything registered, substitutions included.

    What is not there is left out; so are extensions that the client does not use.
    """
    members = asdict(client) | {
        "client_id_issued_at": int(issued_at.timestamp()),
        "grant_types": list(client.grant_types),
        "response_types": [],
        "resources": list(client.resources),
        "introspects": list(client.introspects),
    }
    return {
        name: value
        for name, value in members.items()
        if value is not None and value != "" and _UNUSED.get(name, _NEVER) != value
    }


@enforces(CLIENT_ID)
def check_client_id(client_id: str | None) -> None:
    """RFC 6749 §A.1: printable ASCII, here at most 128 characters."""
    if client_id is not None and not _CLIENT_ID.fullmatch(client_id):
        raise InvalidClientMetadata(CLIENT_ID, "client_id is not 1 to 128 printable ASCII characters")


@enforces(CLIENT_NAME)
def check_client_name(client_name: str | None) -> None:
    """RFC 7591 §2: text for people, here of a length that people read."""
    if client_name is not None and len(client_name) > LONGEST_NAME_CHARACTERS:
        raise InvalidClientMetadata(
            CLIENT_NAME, f"client_name is longer than {LONGEST_NAME_CHARACTERS} characters"
        )
