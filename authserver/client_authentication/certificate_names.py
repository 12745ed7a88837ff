"""OAuth 2.0 Mutual-TLS Client Authentication: the PKI method, ``tls_client_auth``.

RFC 8705 §2.1, https://www.rfc-editor.org/rfc/rfc8705. The TLS layer has proven possession of the
certificate's key and nothing else: chain, validity, purpose and name are decided here.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from cryptography import x509

from authserver.client_authentication.authenticated import FAILED
from authserver.clients.registered_client import RegisteredClient
from sender_constraint.core.addresses import ip_addresses, mailboxes, parse_ip_address, same_mailbox
from sender_constraint.core.certificate_checks import (
    TrustAnchors,
    VerifiedCertificate,
    verify_client_certificate,
)
from sender_constraint.core.errors import InvalidClient
from sender_constraint.core.guidance import Comparison
from sender_constraint.core.names import (
    DistinguishedName,
    dns_names,
    first_difference,
    parse_distinguished_name,
    same_dns_name,
    subject_of,
    uris,
)
from sender_constraint.core.revocation import StatusSource, check_revocation
from sender_constraint.core.rules import enforces, rule

_USE_REGISTERED_NAME = (
    "Use this client's certificate, or have the bank register the name in the presented one."
)

SUBJECT_DN = rule(
    "client.subject-dn", "RFC 8705 §2.1.2", "The subject is not the client's tls_client_auth_subject_dn."
).explained(
    "the name {expected}", "the name {presented}", _USE_REGISTERED_NAME, compare=Comparison.DISTINGUISHED_NAME
)
SAN_DNS = rule(
    "client.san-dns", "RFC 8705 §2.1.2", "No DNS name is the client's tls_client_auth_san_dns."
).explained(
    "a certificate with the DNS name {expected}, the client's tls_client_auth_san_dns",
    "{presented}",
    _USE_REGISTERED_NAME,
    compare=Comparison.TEXT,
)
SAN_URI = rule(
    "client.san-uri", "RFC 8705 §2.1.2", "No URI is the client's tls_client_auth_san_uri."
).explained(
    "a certificate with the URI {expected}, the client's tls_client_auth_san_uri",
    "{presented}",
    _USE_REGISTERED_NAME,
    compare=Comparison.TEXT,
)

SAN_IP = rule(
    "client.san-ip", "RFC 8705 §2.1.2", "No IP address is the client's tls_client_auth_san_ip."
).explained(
    "a certificate with the IP address {expected}, the client's tls_client_auth_san_ip",
    "{presented}",
    _USE_REGISTERED_NAME,
    compare=Comparison.IP_ADDRESS,
)
SAN_EMAIL = rule(
    "client.san-email", "RFC 8705 §2.1.2", "No email address is the client's tls_client_auth_san_email."
).explained(
    "a certificate with the email address {expected}, the client's tls_client_auth_san_email",
    "{presented}",
    _USE_REGISTERED_NAME,
    compare=Comparison.TEXT,
)


@enforces(SUBJECT_DN)
def check_subject_dn(client: RegisteredClient, certificate: x509.Certificate) -> None:
    """RFC 8705 §2.1.2: the subject, as a sequence of RDNs with types by OID and values decoded."""
    if not client.tls_client_auth_subject_dn:
        return
    expected, presented = _registered_name(client.tls_client_auth_subject_dn), subject_of(certificate)
    if expected != presented:
        difference = first_difference(expected, presented)
        raise InvalidClient(
            SUBJECT_DN, FAILED, expected=str(expected), presented=str(presented), difference=difference
        )


@enforces(SAN_DNS)
def check_san_dns(client: RegisteredClient, certificate: x509.Certificate) -> None:
    """RFC 8705 §2.1.2: a dNSName of the certificate, without regard to case."""
    expected = client.tls_client_auth_san_dns
    if expected and not any(same_dns_name(expected, name) for name in dns_names(certificate)):
        raise InvalidClient(SAN_DNS, FAILED, expected=expected, presented=list(dns_names(certificate)))


@enforces(SAN_URI)
def check_san_uri(client: RegisteredClient, certificate: x509.Certificate) -> None:
    """RFC 8705 §2.1.2: a uniformResourceIdentifier of the certificate, exactly."""
    expected = client.tls_client_auth_san_uri
    if expected and expected not in uris(certificate):
        raise InvalidClient(SAN_URI, FAILED, expected=expected, presented=list(uris(certificate)))


@enforces(SAN_IP)
def check_san_ip(client: RegisteredClient, certificate: x509.Certificate) -> None:
    """RFC 8705 §2.1.2, RFC 5952 §8: an iPAddress of the certificate, octet by octet."""
    expected, presented = client.tls_client_auth_san_ip, ip_addresses(certificate)
    if expected and parse_ip_address(expected) not in presented:
        raise InvalidClient(SAN_IP, FAILED, expected=expected, presented=list(map(str, presented)))


@enforces(SAN_EMAIL)
def check_san_email(client: RegisteredClient, certificate: x509.Certificate) -> None:
    """RFC 8705 §2.1.2, RFC 5280 §7.5: an rfc822Name of the certificate, its domain without regard to case."""
    expected = client.tls_client_auth_san_email
    if expected and not any(same_mailbox(expected, mailbox) for mailbox in mailboxes(certificate)):
        raise InvalidClient(SAN_EMAIL, FAILED, expected=expected, presented=list(mailboxes(certificate)))


def verify_scheme_certificate(
    certificates: Sequence[bytes], anchors: TrustAnchors, status: StatusSource, now: datetime
) -> VerifiedCertificate:
    """The certificate of the connection, verified as one that an authority of the scheme issued.

    Raises InvalidClient for a certificate that is missing or not good (chain, validity, purpose, a CA's,
    revoked), and TemporarilyUnavailable where its status cannot be had. None of this depends on which client
    asks.
    """
    verified = verify_client_certificate(certificates, anchors, now, InvalidClient)
    check_revocation(verified.chain, status, InvalidClient)
    return verified


def check_registered_name(client: RegisteredClient, certificate: x509.Certificate) -> None:
    """RFC 8705 §2.1.2: the one name that the client registered.

    Raises InvalidClient, always in the same words.
    """
    check_subject_dn(client, certificate)
    check_san_dns(client, certificate)
    check_san_uri(client, certificate)
    check_san_ip(client, certificate)
    check_san_email(client, certificate)


@lru_cache(maxsize=1024)
def _registered_name(subject_dn: str) -> DistinguishedName:
    return parse_distinguished_name(subject_dn)
