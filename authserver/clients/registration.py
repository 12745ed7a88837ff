"""OAuth 2.0 Dynamic Client Registration Protocol: from metadata to a registered client, and back.

RFC 7591 §2, §3.1, §3.2.1, https://www.rfc-editor.org/rfc/rfc7591. Not here: the endpoint, software
statements, client secrets. Metadata that is not understood is ignored (§2); what is understood and not
supported, or contradicts itself, is refused by name.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authserver.clients import extensions, grants
from authserver.clients.certificate_names import certificate_names
from authserver.clients.client_keys import client_keys
from authserver.clients.members import check_characters, text
from authserver.clients.registered_client import RegisteredClient
from sender_constraint.errors import InvalidClientMetadata
from sender_constraint.rules import enforces, rule
from sender_constraint.strict_json import parse_object

DOCUMENT = rule(
    "registration.document",
    "RFC 7591 §3.1",
    "The client's metadata is no JSON object, repeats a member, or is too large.",
)
CLIENT_ID = rule(
    "registration.client-id",
    "RFC 6749 §A.1",
    "The client's identifier is empty, too long, or has characters other than printable ASCII.",
)
CLIENT_NAME = rule(
    "registration.client-name",
    "RFC 7591 §2",
    "The client's name is too long.",
)

LARGEST_DOCUMENT_BYTES = 65_536
LONGEST_NAME_CHARACTERS = 200
# RFC 6749 §A.1 allows spaces too; an identifier with one is a mistake sooner or later.
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """What this server can offer to a client.

    scopes, resources: what it knows, in the order of its settings.
    demo: whether a client may ask for tokens that are not bound.
    """

    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    demo: bool


@enforces(DOCUMENT)
def read_metadata(document: bytes) -> dict[str, Any]:
    """The client's metadata (RFC 7591 §3.1) from JSON in UTF-8. Raises InvalidClientMetadata."""
    if len(document) > LARGEST_DOCUMENT_BYTES:
        raise InvalidClientMetadata(DOCUMENT, f"The metadata is larger than {LARGEST_DOCUMENT_BYTES} bytes")
    try:
        return parse_object(document)
    except ValueError as error:
        raise InvalidClientMetadata(DOCUMENT, f"The metadata is unusable: {error}") from error


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
    names = certificate_names(metadata)
    allowed, default = extensions.resources(metadata, policy.resources)
    return RegisteredClient(
        client_id=client_id or secrets.token_urlsafe(16),
        client_name=client_name or "",
        token_endpoint_auth_method=method,
        **names,
        tls_client_certificate_bound_access_tokens=grants.bound_access_tokens(metadata, policy.demo),
        grant_types=grants.grant_types(metadata),
        scope=grants.scope(metadata, policy.scopes),
        jwks=client_keys(metadata),
        resources=allowed,
        default_resource=default,
        access_token_lifetime_seconds=extensions.lifetime_seconds(metadata),
    )


def client_information(client: RegisteredClient, issued_at: datetime) -> dict[str, Any]:
    """The client information response (RFC 7591 §3.2.1): everything registered, substitutions included."""
    information = {
        "client_id": client.client_id,
        "client_id_issued_at": int(issued_at.timestamp()),
        "client_name": client.client_name,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "tls_client_auth_subject_dn": client.tls_client_auth_subject_dn,
        "tls_client_auth_san_dns": client.tls_client_auth_san_dns,
        "tls_client_auth_san_uri": client.tls_client_auth_san_uri,
        "tls_client_auth_san_ip": client.tls_client_auth_san_ip,
        "tls_client_auth_san_email": client.tls_client_auth_san_email,
        "tls_client_certificate_bound_access_tokens": client.tls_client_certificate_bound_access_tokens,
        "grant_types": list(client.grant_types),
        "response_types": [],
        "scope": client.scope,
        "jwks": client.jwks,
        "resources": list(client.resources),
        "default_resource": client.default_resource,
        "access_token_lifetime_seconds": client.access_token_lifetime_seconds,
    }
    return {name: value for name, value in information.items() if value is not None and value != ""}


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
