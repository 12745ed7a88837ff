"""OAuth 2.0 Mutual-TLS Client Authentication: the PKI method, ``tls_client_auth``.

RFC 8705 §2 and §2.1, https://www.rfc-editor.org/rfc/rfc8705; RFC 6749 §2.3. The TLS layer has proven
possession of the certificate's key and nothing else: chain, validity, purpose and name are decided here.
Not here: self_signed_tls_client_auth, private_key_jwt, secrets.

An unknown client and a certificate with another name get the same answer: nobody learns who is registered.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from cryptography import x509

from authserver.clients.registered_client import TLS_CLIENT_AUTH, RegisteredClient
from authserver.tokens.token_request import Form
from sender_constraint.addresses import ip_addresses, mailboxes, parse_ip_address, same_mailbox
from sender_constraint.certificate_checks import TrustAnchors, VerifiedCertificate, verify_client_certificate
from sender_constraint.errors import InvalidClient, InvalidRequest
from sender_constraint.names import (
    DistinguishedName,
    dns_names,
    first_difference,
    parse_distinguished_name,
    same_dns_name,
    subject_of,
    uris,
)
from sender_constraint.revocation import StatusSource, check_revocation
from sender_constraint.rules import enforces, rule

ONE_METHOD = rule(
    "client.one-method",
    "RFC 6749 §2.3",
    "The client presents a certificate and authenticates in a second way as well.",
)
METHOD_SUPPORTED = rule(
    "client.method-supported",
    "RFC 6749 §2.3",
    "The client authenticates by a secret or an assertion, which this server does not take.",
)
KNOWN_CLIENT = rule("client.known", "RFC 6749 §5.2", "No client of this identifier is registered.")
REGISTERED_METHOD = rule(
    "client.registered-method",
    "RFC 8705 §2.1",
    "The client is registered for another method than tls_client_auth.",
)
SUBJECT_DN = rule(
    "client.subject-dn",
    "RFC 8705 §2.1.2",
    "The certificate's subject is not the client's tls_client_auth_subject_dn.",
)
SAN_DNS = rule(
    "client.san-dns",
    "RFC 8705 §2.1.2",
    "None of the certificate's DNS names is the client's tls_client_auth_san_dns.",
)
SAN_URI = rule(
    "client.san-uri",
    "RFC 8705 §2.1.2",
    "None of the certificate's URIs is the client's tls_client_auth_san_uri.",
)

SAN_IP = rule(
    "client.san-ip",
    "RFC 8705 §2.1.2",
    "None of the certificate's IP addresses is the client's tls_client_auth_san_ip.",
)
SAN_EMAIL = rule(
    "client.san-email",
    "RFC 8705 §2.1.2",
    "None of the certificate's mailboxes is the client's tls_client_auth_san_email.",
)

FAILED = "Client authentication failed"

# RFC 6749 §2.3.1, RFC 7521 §4.2: what in a form says who the client is, beside a certificate.
CREDENTIAL_PARAMETERS = ("client_secret", "client_assertion", "client_assertion_type")

FindClient = Callable[[str], RegisteredClient | None]


@enforces(ONE_METHOD)
def check_one_method(certificates: Sequence[bytes], credentials: Sequence[str]) -> None:
    """RFC 6749 §2.3: the client MUST NOT use more than one authentication method in each request."""
    if certificates and credentials:
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


@enforces(KNOWN_CLIENT)
def check_known(client: RegisteredClient | None, client_id: str) -> RegisteredClient:
    """RFC 6749 §5.2: an unknown client is invalid_client. Returns the client, which is known then."""
    if client is None:
        raise InvalidClient(KNOWN_CLIENT, FAILED, presented=client_id[:200])
    return client


@enforces(REGISTERED_METHOD)
def check_registered_method(client: RegisteredClient) -> None:
    """RFC 8705 §2.1: a client uses the method that it registered, and no other."""
    if client.token_endpoint_auth_method != TLS_CLIENT_AUTH:
        raise InvalidClient(
            REGISTERED_METHOD, FAILED, expected=client.token_endpoint_auth_method, presented=TLS_CLIENT_AUTH
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


def credentials_of(form: Form, authorization: str | None) -> tuple[str, ...]:
    """What says who the client is beside a certificate, by name: parameters, and the Authorization header."""
    presented = tuple(name for name in CREDENTIAL_PARAMETERS if name in form)
    return presented if authorization is None else (*presented, "Authorization")


def verify_presented(
    certificates: Sequence[bytes],
    credentials: Sequence[str],
    anchors: TrustAnchors,
    status: StatusSource,
    now: datetime,
) -> VerifiedCertificate:
    """The certificate of the connection: the one way in which this client authenticates, and verified.

    Raises InvalidRequest for more than one way, InvalidClient for none, or for a certificate that is not
    good (chain, validity, purpose, a CA's, revoked), and TemporarilyUnavailable where its status cannot be
    had. None of this depends on which client asks.
    """
    check_one_method(certificates, credentials)
    check_method_supported(credentials)
    verified = verify_client_certificate(certificates, anchors, now, InvalidClient)
    check_revocation(verified.chain, status, InvalidClient)
    return verified


def identify(client_id: str, verified: VerifiedCertificate, find_client: FindClient) -> RegisteredClient:
    """The registered client that this certificate is of. Raises InvalidClient, always with the same words."""
    client = check_known(find_client(client_id), client_id)
    check_registered_method(client)
    check_subject_dn(client, verified.certificate)
    check_san_dns(client, verified.certificate)
    check_san_uri(client, verified.certificate)
    check_san_ip(client, verified.certificate)
    check_san_email(client, verified.certificate)
    return client


@lru_cache(maxsize=1024)
def _registered_name(subject_dn: str) -> DistinguishedName:
    return parse_distinguished_name(subject_dn)
