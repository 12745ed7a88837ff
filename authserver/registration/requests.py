"""What strangers and clients may say of themselves, beside what an operator may say of them.

RFC 7591 §3.1 and §3.2.1, https://www.rfc-editor.org/rfc/rfc7591; RFC 7592 §2.2,
https://www.rfc-editor.org/rfc/rfc7592.
"""

from collections.abc import Mapping
from typing import Any

from authserver.clients.extensions import TOKEN_ENDPOINT_AUDIENCE
from authserver.clients.registered_client import RegisteredClient
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.core.rules import enforces, rule

MEDIA_TYPE = rule(
    "registration-endpoint.media-type", "RFC 7591 §3.1", "The body is not application/json."
).explained(
    "application/json", "{presented}", "Send the metadata as JSON, with Content-Type: application/json."
)
OPERATORS = rule(
    "registration-endpoint.operators-members",
    "RFC 7591 §5",
    "The metadata has members that only an operator may set.",
).explained(
    "metadata that a client may set for itself",
    "{members}",
    "Omit these members, or ask the bank's operator to set them.",
)
ANSWERED = rule(
    "registration-endpoint.answered-members",
    "RFC 7592 §2.2",
    "The update has members that only responses have.",
).explained(
    "client metadata only",
    "also {members}",
    "Omit the members that only the server's responses have (RFC 7592 §2.2).",
)
SAME_CLIENT = rule(
    "registration-endpoint.same-client",
    "RFC 7592 §2.2",
    "The client_id of the update is missing, or another client's.",
).explained("the client_id in the URL", "another client_id, or none", "Send the client_id that was issued.")
SAME_METHOD = rule(
    "registration-endpoint.same-method", "RFC 7592 §2.2", "An update cannot change the authentication method."
).explained(
    "token_endpoint_auth_method {expected}", "{presented}", "Register a new client for another method."
)

_OF_OPERATORS = ("introspects", TOKEN_ENDPOINT_AUDIENCE)
_OF_ANSWERS = (
    "registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at",
)  # fmt: skip


@enforces(MEDIA_TYPE)
def check_media_type(content_type: str) -> None:
    """RFC 7591 §3.1: application/json."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise InvalidClientMetadata(
            MEDIA_TYPE, "The body must be application/json", presented=content_type[:200]
        )


@enforces(OPERATORS)
def check_operators_members(metadata: Mapping[str, Any], *, chooses_identifier: bool) -> None:
    """RFC 7591 §3.2.1, §5: the server gives identifiers, and nobody lets itself look into others' tokens.

    chooses_identifier: for a new client, whose identifier somebody may have granted something already.
    """
    members = (*_OF_OPERATORS, *(("client_id",) if chooses_identifier else ()))
    if said := [name for name in members if name in metadata]:
        raise InvalidClientMetadata(OPERATORS, f"{said[0]} can only be set by the operator", members=said)


@enforces(ANSWERED)
def check_answered_members(metadata: Mapping[str, Any]) -> None:
    """RFC 7592 §2.2: these MUST NOT be in the request."""
    if said := [name for name in _OF_ANSWERS if name in metadata]:
        raise InvalidClientMetadata(ANSWERED, f"{said[0]} is not allowed in an update", members=said)


@enforces(SAME_CLIENT)
def check_same_client(metadata: Mapping[str, Any], client: RegisteredClient) -> None:
    """RFC 7592 §2.2: client_id MUST be included, and be the one that was issued."""
    if metadata.get("client_id") != client.client_id:
        raise InvalidClientMetadata(SAME_CLIENT, "client_id is not this client's")


@enforces(SAME_METHOD)
def check_same_method(updated: RegisteredClient, client: RegisteredClient) -> None:
    """RFC 8705 §2: who proves itself by a chain never becomes one that proves itself otherwise, nor back."""
    before, after = client.token_endpoint_auth_method, updated.token_endpoint_auth_method
    if before != after:
        raise InvalidClientMetadata(
            SAME_METHOD, "token_endpoint_auth_method cannot be changed", expected=before, presented=after
        )
