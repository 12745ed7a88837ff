"""What is done with foreign DER and JWKs: all that reads the values of each kind, with its own refusal.

A consumer ends, or raises a refusal that its callers turn into an answer. Whatever else it raises is a
defect; so is a refusal that the audit trail cannot hold, or ``explain`` cannot explain. Django must be set
up.
"""

import base64
import json
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from authserver.client_authentication import certificate_names
from authserver.client_authentication.self_signed import verify_registered_certificate
from authserver.clients.client_keys import check_keys, verification_keys
from authserver.clients.registered_client import (
    PRIVATE_KEY_JWT,
    SELF_SIGNED_TLS_CLIENT_AUTH,
    RegisteredClient,
)
from authserver.clients.registration import RegistrationPolicy, register
from ca.authority import entitlements
from ca.authority.hierarchy import CertificateAuthority
from ca.authority.identity import issuer_identity
from ca.authority.profiles import CLIENT, SERVER
from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import CertificationRequest, verify_request
from ca.enrolment.authentication import check_issued_here
from ca.register.models import serial_text
from ca.status.refusals import RequestUnreadable
from ca.status.requests import read_request
from ca.status.responder import GOOD, Responder
from sender_constraint.certificates.checked_servers import (
    ServerCertificateRefused,
    server_chain,
)
from sender_constraint.certificates.csr import next_request, private_key_pem
from sender_constraint.certificates.errors import StatusNotVerified, UnusableAnswer
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuance import complete_chain
from sender_constraint.certificates.ocsp import ocsp_request, verify_response
from sender_constraint.core.errors import InvalidClient, InvalidClientMetadata, InvalidToken, Refusal
from sender_constraint.core.names import distinguished_name, parse_distinguished_name, subject_of
from sender_constraint.core.revocation import CertificateStatus, State
from sender_constraint.core.thumbprint_spellings import spelling_of
from sender_constraint.core.trust_anchors import TrustAnchors
from sender_constraint.core.untrusted_input import (
    MalformedInput,
    certificate_from_der,
    certificates_from_pkcs7,
    revocation_list_from_der,
)
from sender_constraint.django.peer import Peer
from sender_constraint.explanations.explaining import explain
from sender_constraint.jose.jwk import public_jwk
from sender_constraint.resource_server.binding_certificate import verify_binding_certificate
from sender_constraint.resource_server.issuer_signatures import ALGORITHMS, verification_key
from tests.fuzz import der_kinds as kinds
from tests.sender_constraint.pki import NOW


class Asked:
    """A StatusSource that says good, once it has made the request that would go to the responder."""

    def status_of(self, certificate: x509.Certificate, issuer: x509.Certificate) -> CertificateStatus | None:
        ocsp_request(certificate, issuer, kinds.NONCE)
        return CertificateStatus(State.GOOD, None, None, 0.0)

    def why_none(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Mapping[str, Any]:
        raise AssertionError((certificate, issuer))


STATUS = Asked()
# How often each rule refused: how deep the messages come.
rules: Counter[str] = Counter()
_EXPLAINED: deque[str] = deque(maxlen=20)
ISSUER = CertificateAuthority(kinds.ISSUING_KEY, kinds.ISSUING)
POLICY = RegistrationPolicy(("accounts",), ("https://api.example",), demo=False)
CLIENTS: tuple[RegisteredClient, ...] = tuple(
    register(
        {
            "client_id": "partner",
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_certificate_bound_access_tokens": True,
            "grant_types": ["client_credentials"],
            member: value,
        },
        POLICY,
    )
    for member, value in (
        ("tls_client_auth_subject_dn", "CN=partner,O=Partner Ltd,C=GB"),
        ("tls_client_auth_san_dns", "other.example"),
        ("tls_client_auth_san_uri", "urn:example:other"),
        ("tls_client_auth_san_ip", "192.0.2.9"),
        ("tls_client_auth_san_email", "other@partner.example"),
    )
)


@cache
def anchors() -> TrustAnchors:
    return TrustAnchors.from_pem(kinds.ROOT.public_bytes(Encoding.PEM))


@cache
def responder() -> Responder:
    """Signs as the authority's responder, from a store of its own."""
    store = GenerationStore(Path(tempfile.mkdtemp(prefix="fuzz-")) / "responder")
    chain = kinds.RESPONDER.public_bytes(Encoding.PEM) + kinds.ISSUING.public_bytes(Encoding.PEM)
    store.publish(private_key_pem(kinds.RESPONDER_KEY), chain, NOW)
    return Responder(store, timedelta(minutes=5))


@cache
def entitled() -> entitlements.Entitlement:
    return entitlements.Entitlement(
        distinguished_name(kinds.name("leaf")), ("partner.example",), ("urn:example:partner",), ("192.0.2.1",)
    )


@contextmanager
def refused_or_not(*refusals: type[Exception]) -> Iterator[None]:
    """One of these may be raised; a Refusal then goes through trail and explanation."""
    try:
        yield
    except refusals as refusal:
        if isinstance(refusal, Refusal):
            _explained(refusal)


def _explained(refusal: Refusal) -> None:
    line = {
        "error": refusal.code,
        "rule": refusal.rule.identifier,
        "section": refusal.rule.clause,
        "refuses": refusal.rule.refuses,
        "description": refusal.description,
        "detail": refusal.detail,
        "method": "POST",
        "path": "/token",
    }
    rules[refusal.rule.identifier] += 1
    said = f"{refusal.rule.identifier} {refusal.detail}"
    if said in _EXPLAINED:  # by the reader before, most likely
        return
    _EXPLAINED.append(said)
    read = json.loads(json.dumps(line, default=str).encode())
    json.dumps(repr(explain(read))).encode()


def presented(*certificates: bytes) -> None:
    """Certificates of a caller, its own first, at every place that reads them."""
    with refused_or_not(InvalidClient):
        verified = certificate_names.verify_scheme_certificate(certificates, anchors(), STATUS, NOW)
        for client in CLIENTS:
            with refused_or_not(InvalidClient):
                certificate_names.check_registered_name(client, verified.certificate)
    for foreign in (True, "self-signed", False):
        with refused_or_not(InvalidToken):
            verify_binding_certificate(
                certificates,
                anchors(),
                STATUS,
                NOW,
                InvalidToken,
                accept_foreign=foreign,
            )
    with refused_or_not(InvalidClient):
        verify_registered_certificate(certificates, certificates[:1], anchors(), STATUS, NOW)
    with refused_or_not(InvalidClient):
        verify_registered_certificate(certificates, [b"another"], anchors(), STATUS, NOW)
    with refused_or_not(ServerCertificateRefused):
        server_chain(certificates, anchors())


def leaf(der: bytes) -> None:
    """A certificate of a caller, of a client's key set, and of who renews or revokes its own."""
    presented(der, kinds.der_of(kinds.ISSUING))
    spelling_of("A" * 43, der)
    key_set(json.dumps({"kty": "EC", "x5c": [base64.b64encode(der).decode()]}).encode())
    with refused_or_not(EnrolmentRefused):
        certificate = Peer((der,), "").certificate(EnrolmentRefused)
        assert certificate is not None
        serial_text(certificate)
        for check in (entitlements.check_same_subject, entitlements.check_same_alternative_names):
            with refused_or_not(EnrolmentRefused):
                check(asked_for(), certificate)
        check_issued_here(certificate, None)
    with refused_or_not(MalformedInput):
        parse_again(certificate_from_der(der))


def parse_again(certificate: x509.Certificate) -> None:
    """Its name as people read it means the same name."""
    name = subject_of(certificate)
    if name.relative_names and all(
        isinstance(each.value, str) for rdn in name.relative_names for each in rdn
    ):
        with refused_or_not(ValueError):
            parse_distinguished_name(str(name))


@cache
def asked_for() -> CertificationRequest:
    return verify_request(kinds.REQUESTS.originals[0])


def authority(der: bytes) -> None:
    """The certificate of an issuer, between the caller's and the root."""
    presented(kinds.der_of(kinds.LEAF), der)
    presented(kinds.der_of(kinds.BELOW_CONSTRAINED), der)
    with refused_or_not(ValueError):
        TrustAnchors.from_pem(_pem(der))


def certification_request(der: bytes) -> None:
    """EST, and the operator's command, which certifies whatever names are asked for."""
    with refused_or_not(EnrolmentRefused):
        asked = verify_request(der)
        for check in (entitlements.check_subject, entitlements.check_alternative_names):
            with refused_or_not(EnrolmentRefused):
                check(asked, entitled())
        for profile in (CLIENT, SERVER):
            with refused_or_not(EnrolmentRefused):
                entitlements.check_server_name(asked, profile)
                if asked.subject.rdns or asked.alternative_names:
                    _issued(asked, profile)


def _issued(asked: CertificationRequest, profile: Any) -> None:
    issued = ISSUER.issue(
        profile, asked.public_key, asked.subject, asked.alternative_names, timedelta(days=1), NOW
    )
    issuer_identity(certificate_from_der(kinds.der_of(issued)))


def status_request(der: bytes) -> None:
    """A question to the responder, and its answer."""
    with refused_or_not(RequestUnreadable):
        asked = read_request(der)
        ours = ocsp.OCSPRequestBuilder().add_certificate(kinds.LEAF, kinds.ISSUING, asked.algorithm).build()
        # About other authorities the responder answers nothing.
        if (asked.issuer_name_hash, asked.issuer_key_hash) == (ours.issuer_name_hash, ours.issuer_key_hash):
            responder().answer(asked, GOOD, NOW)


def status_response(der: bytes) -> None:
    """An answer of a responder, to us or stapled."""
    for nonce in (kinds.NONCE, None):
        with refused_or_not(StatusNotVerified):
            verify_response(der, kinds.LEAF, kinds.ISSUING, NOW, nonce)


def revocation_list(der: bytes) -> None:
    """As the admin shows it."""
    with refused_or_not(MalformedInput):
        parsed = revocation_list_from_der(der)
        _ = parsed.issuer.rfc4514_string(), [f"{each.serial_number:x}" for each in parsed]


def bundle(der: bytes) -> None:
    """What an EST server answers, its certificate being renewed later."""
    with refused_or_not(MalformedInput):
        for each in certificates_from_pkcs7(der):
            with refused_or_not(UnusableAnswer):
                complete_chain(each, [*certificates_from_pkcs7(der), kinds.ISSUING, kinds.ROOT])
            renewed(each)


def renewed(certificate: x509.Certificate) -> None:
    with refused_or_not(UnusableAnswer):
        next_request(kinds.LEAF_KEY, certificate)


def key_set(content: bytes) -> None:
    """A JWK, as a client's, a proof's, and an issuer's."""
    jwk = json.loads(content)
    with refused_or_not(InvalidClientMetadata):
        public_jwk(jwk, InvalidClientMetadata)
    for method in (PRIVATE_KEY_JWT, SELF_SIGNED_TLS_CLIENT_AUTH):
        for algorithm in ("", "ES256"):
            with refused_or_not(InvalidClientMetadata):
                check_keys({"keys": [jwk, jwk]}, method, algorithm)
    with refused_or_not(InvalidClient):
        verification_keys({"alg": "ES256", "kid": "1"}, {"keys": [jwk]}, InvalidClient)
    for algorithm in ALGORITHMS:
        verification_key(jwk, algorithm)


def _pem(der: bytes) -> bytes:
    encoded = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE-----\n" + encoded + b"-----END CERTIFICATE-----\n"


@dataclass(frozen=True)
class Target:
    """Messages of one kind, and what reads them. share: how many of all messages, beside the others."""

    name: str
    make: Callable[[Any], bytes]
    consume: Callable[[bytes], None]
    share: int


TARGETS = (
    Target(kinds.LEAVES.name, kinds.LEAVES.changed, leaf, 8),
    Target(kinds.OWN.name, kinds.OWN.changed, leaf, 4),
    Target(kinds.AUTHORITIES.name, kinds.AUTHORITIES.changed, authority, 6),
    Target(kinds.REQUESTS.name, kinds.REQUESTS.changed, certification_request, 8),
    Target(kinds.OCSP_REQUESTS.name, kinds.OCSP_REQUESTS.changed, status_request, 4),
    Target(kinds.OCSP_RESPONSES.name, kinds.OCSP_RESPONSES.changed, status_response, 8),
    Target(kinds.REVOCATION_LISTS.name, kinds.REVOCATION_LISTS.changed, revocation_list, 4),
    Target(kinds.BUNDLES.name, kinds.BUNDLES.changed, bundle, 4),
    Target("JWK", lambda chance: kinds.changed_jwk(kinds.OWN.changed, chance), key_set, 4),
)
