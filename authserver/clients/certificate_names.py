"""OAuth 2.0 Mutual-TLS Client Authentication: the name by which a client's certificate is known.

RFC 8705 §2.1.2, https://www.rfc-editor.org/rfc/rfc8705. Each of its five forms is checked here for what it
can mean; how it is compared with a certificate stands in ``client_authentication/certificate_names.py``.
"""

import re
from collections.abc import Mapping
from typing import Any

from authserver.clients.members import metadata_rule, text
from authserver.clients.registered_client import NAME_MEMBERS, TLS_CLIENT_AUTH
from authserver.clients.syntax import is_absolute_uri
from sender_constraint.core.addresses import is_mailbox, parse_ip_address
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.core.names import parse_distinguished_name
from sender_constraint.core.rules import enforces

NAMES_FOR_METHOD = metadata_rule(
    "registration.names-for-method",
    "RFC 8705 §2.1.2",
    "A certificate name is registered without tls_client_auth.",
)
ONE_NAME = metadata_rule(
    "registration.one-name", "RFC 8705 §2.1.2", "A tls_client_auth client needs exactly one certificate name."
)
SUBJECT_DN = metadata_rule(
    "registration.subject-dn", "RFC 8705 §2.1.2", "tls_client_auth_subject_dn is not an RFC 4514 name."
)
SAN_DNS = metadata_rule(
    "registration.san-dns", "RFC 8705 §2.1.2", "tls_client_auth_san_dns is not a DNS name."
)
SAN_URI = metadata_rule(
    "registration.san-uri", "RFC 8705 §2.1.2", "tls_client_auth_san_uri is not an absolute URI."
)
SAN_IP = metadata_rule(
    "registration.san-ip", "RFC 8705 §2.1.2", "tls_client_auth_san_ip is not an IP address."
)
SAN_EMAIL = metadata_rule(
    "registration.san-email", "RFC 8705 §2.1.2", "tls_client_auth_san_email is not an ASCII email address."
)

_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_DNS_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
_LAST_LABEL_IS_NUMBER = re.compile(r"(.*\.)?[0-9]+")


@enforces(NAMES_FOR_METHOD)
def check_names_for_method(metadata: Mapping[str, Any], method: str) -> None:
    """RFC 8705 §2.1.2: the names are for the PKI method; beside another nobody would look at them."""
    present = [name for name in NAME_MEMBERS if name in metadata]
    if present and method != TLS_CLIENT_AUTH:
        raise InvalidClientMetadata(
            NAMES_FOR_METHOD,
            f"{present[0]} contradicts token_endpoint_auth_method {method}",
            members=present,
        )


@enforces(ONE_NAME)
def check_one_name(metadata: Mapping[str, Any]) -> None:
    """RFC 8705 §2.1.2: exactly one of the subject's metadata values."""
    present = [name for name in NAME_MEMBERS if name in metadata]
    if len(present) != 1:
        said = " and ".join(present) if present else "none"
        raise InvalidClientMetadata(
            ONE_NAME,
            f"tls_client_auth needs exactly one tls_client_auth_ name: found {said}",
            members=present,
        )


@enforces(SUBJECT_DN)
def check_subject_dn(subject_dn: str | None) -> None:
    """RFC 8705 §2.1.2: a string in the representation of RFC 4514."""
    if subject_dn is None:
        return
    try:
        parse_distinguished_name(subject_dn)
    except ValueError as error:
        raise InvalidClientMetadata(
            SUBJECT_DN, "tls_client_auth_subject_dn is not an RFC 4514 name", reason=str(error)
        ) from error
    if not subject_dn.strip():
        raise InvalidClientMetadata(SUBJECT_DN, "tls_client_auth_subject_dn is empty")


@enforces(SAN_DNS)
def check_san_dns(san_dns: str | None) -> None:
    """RFC 8705 §2.1.2, RFC 5280 §4.2.1.6: a DNS name as in a certificate; no wildcard, no address."""
    if san_dns is None:
        return
    if not _DNS_NAME.fullmatch(san_dns) or _LAST_LABEL_IS_NUMBER.fullmatch(san_dns):
        raise InvalidClientMetadata(SAN_DNS, "tls_client_auth_san_dns is not a DNS name", presented=san_dns)


@enforces(SAN_URI)
def check_san_uri(san_uri: str | None) -> None:
    """RFC 8705 §2.1.2, RFC 5280 §4.2.1.6: an absolute URI as it stands in a certificate."""
    if san_uri is not None and not is_absolute_uri(san_uri):
        raise InvalidClientMetadata(
            SAN_URI, "tls_client_auth_san_uri is not an absolute URI", presented=san_uri
        )


@enforces(SAN_IP)
def check_san_ip(san_ip: str | None) -> None:
    """RFC 8705 §2.1.2: dotted decimal, or IPv6; no zone, which is no part of an address, and no network."""
    if san_ip is None:
        return
    try:
        parse_ip_address(san_ip)
    except ValueError as error:
        raise InvalidClientMetadata(
            SAN_IP, "tls_client_auth_san_ip is not an IP address", presented=san_ip, reason=str(error)
        ) from error


@enforces(SAN_EMAIL)
def check_san_email(san_email: str | None) -> None:
    """RFC 8705 §2.1.2, RFC 5280 §4.2.1.6: a mailbox alone, without name or brackets; ASCII.

    RFC 9598 §3: a domain of other letters stands in a certificate in its A-labels, and here too; a local
    part of other letters stands in no rfc822Name.
    """
    if san_email is not None and not is_mailbox(san_email):
        raise InvalidClientMetadata(
            SAN_EMAIL, "tls_client_auth_san_email is not an ASCII email address", presented=san_email
        )


def certificate_names(metadata: Mapping[str, Any], method: str) -> dict[str, str]:
    """The five names of RFC 8705 §2.1.2: for tls_client_auth one has a value, and else none.

    Raises InvalidClientMetadata.
    """
    check_names_for_method(metadata, method)
    if method == TLS_CLIENT_AUTH:
        check_one_name(metadata)
    names = {name: text(metadata, name) for name in NAME_MEMBERS}
    check_subject_dn(names["tls_client_auth_subject_dn"])
    check_san_dns(names["tls_client_auth_san_dns"])
    check_san_uri(names["tls_client_auth_san_uri"])
    check_san_ip(names["tls_client_auth_san_ip"])
    check_san_email(names["tls_client_auth_san_email"])
    return {name: value or "" for name, value in names.items()}
