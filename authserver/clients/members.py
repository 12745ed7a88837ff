"""Members of client metadata, read by their JSON types (RFC 7591 §2, https://www.rfc-editor.org/rfc/rfc7591)."""

from collections.abc import Mapping
from typing import Any

from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.core.rules import Rule, enforces, rule


def metadata_rule(identifier: str, clause: str, refuses: str) -> Rule:
    """Register a rule about client metadata: only the metadata can be corrected."""
    return rule(identifier, clause, refuses).explained(
        next_step="Correct the client metadata, and register again."
    )


MEMBER_TYPE = metadata_rule(
    "registration.member-type", "RFC 7591 §2", "A member of the client metadata has the wrong JSON type."
)
CHARACTERS = metadata_rule(
    "registration.characters", "RFC 7591 §2", "A string in the client metadata has invalid characters."
)


@enforces(MEMBER_TYPE)
def check_member_type(name: str, value: object, expected: type) -> None:
    """Refuse a value of another type; a truth value is no number."""
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise InvalidClientMetadata(MEMBER_TYPE, f"{name} has the wrong JSON type", member=name)


@enforces(CHARACTERS)
def check_characters(value: object) -> None:
    """Refuse control characters and lone surrogates at any depth: no database and no log takes them well."""
    if isinstance(value, str) and not all(_is_printable(character) for character in value):
        raise InvalidClientMetadata(CHARACTERS, "A string contains characters that are not allowed")
    if isinstance(value, Mapping):
        for name, member in value.items():
            check_characters(name)
            check_characters(member)
    elif isinstance(value, list):
        for member in value:
            check_characters(member)


def _is_printable(character: str) -> bool:
    return character >= " " and character != "\x7f" and not "\ud800" <= character <= "\udfff"


def text(metadata: Mapping[str, Any], name: str) -> str | None:
    """A member as text; None where it is absent. Raises InvalidClientMetadata for another type."""
    if name not in metadata:
        return None
    check_member_type(name, metadata[name], str)
    return str(metadata[name])


def texts(metadata: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """A member as a list of texts; None where it is absent. Raises InvalidClientMetadata for another type."""
    if name not in metadata:
        return None
    check_member_type(name, metadata[name], list)
    for each in metadata[name]:
        check_member_type(name, each, str)
    return tuple(metadata[name])


def flag(metadata: Mapping[str, Any], name: str, default: bool) -> bool:
    """A member as a truth value. Raises InvalidClientMetadata for another type."""
    value = metadata.get(name, default)
    check_member_type(name, value, bool)
    return bool(value)


def number(metadata: Mapping[str, Any], name: str) -> int | None:
    """A member as a whole number; None where it is absent. Raises InvalidClientMetadata for another type."""
    if name not in metadata:
        return None
    check_member_type(name, metadata[name], int)
    return int(metadata[name])
