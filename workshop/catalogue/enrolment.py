"""First certificates at the certificate authority, asked for with a one-time secret.

RFC 7030 §4.2.1 (https://www.rfc-editor.org/rfc/rfc7030). The thief is a participant of the scheme: the valid
request is its own, sent again with the key on which its secret was spent, which gets the same certificate.
"""

import base64
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from sender_constraint.certificates.csr import RequestedNames, first_request, new_private_key
from workshop import requests
from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.issuing import UNKNOWN_TLS_FEATURE
from workshop.loot import Cast, Loot

PKCS10 = "application/pkcs10"


def est_call(cast: Cast, operation: str, request: bytes) -> Call:
    """A request to the certificate authority. request: PKCS #10, DER."""
    url = f"{cast.targets.ca}/.well-known/est/{operation}"
    body = base64.encodebytes(request)
    return Call("POST", url, None, cast.loot.own, (("Content-Type", PKCS10),), body)


def enrolment_call(cast: Cast) -> Call:
    """The thief's own enrolment, once more."""
    own = cast.loot.enrolment
    call = est_call(cast, "simpleenroll", first_request(own.key, own.names))
    return call.with_basic(own.participant, own.secret)


ENROLMENT = Family("enrolment", "A first certificate from the certificate authority", enrolment_call)


def secret_of(participant: str, secret: str | None = None) -> Change:
    """Ask as this participant; with the thief's own secret, or with a guess."""
    return lambda call, loot: call.with_basic(participant, secret or loot.enrolment.secret)


def own_secret_guessed(call: Call, loot: Loot) -> Call:
    """Ask with a secret that is none."""
    return call.with_basic(loot.enrolment.participant, "guess" * 8)


def no_secret(call: Call, _loot: Loot) -> Call:
    """Ask with a certificate in place of the secret."""
    return call.but(headers=tuple(pair for pair in call.headers if pair[0] != "Authorization"))


def spent_secret(call: Call, loot: Loot) -> Call:
    """Ask with a secret that was spent, and with a new key."""
    return asking(call, first_request(new_private_key(), loot.enrolment.names))


def for_names(call: Call, loot: Loot, names: RequestedNames) -> Call:
    """Ask for these names."""
    return asking(call, first_request(loot.enrolment.key, names))


def partners_subject(call: Call, loot: Loot) -> Call:
    """Ask for the partner's subject."""
    return for_names(call, loot, replace(loot.enrolment.names, subject=loot.names.subject))


def partners_dns_name(call: Call, loot: Loot) -> Call:
    """Ask for the partner's DNS name beside the own one."""
    own = loot.enrolment.names
    return for_names(call, loot, replace(own, dns=(*own.dns, *loot.names.dns)))


def partners_uri(call: Call, loot: Loot) -> Call:
    """Ask for the partner's URI."""
    return for_names(call, loot, replace(loot.enrolment.names, uris=loot.names.uris))


def an_address(call: Call, loot: Loot) -> Call:
    """Ask for a mailbox at the partner's, a kind of name that nobody here has."""
    names = [x509.RFC822Name("payments@partner.example")]
    own = loot.enrolment
    return asking(call, requests.with_names(own.key, own.names.subject, names))


def authority(call: Call, loot: Loot) -> Call:
    """Ask for a certificate that certifies others."""
    own = loot.enrolment
    return asking(call, requests.for_authority(own.key, own.names))


def not_the_keys_signature(call: Call, loot: Loot) -> Call:
    """Ask for a certificate on the partner's public key, of which the thief has no private half."""
    own = loot.enrolment
    foreign = loot.partner_certificate.public_key()
    return asking(call, requests.on_another_key(own.key, own.names, foreign))


def weak_key(call: Call, loot: Loot) -> Call:
    """Ask with a key that can be factored."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    return asking(call, requests.request(key, loot.enrolment.names))


def odd_key(call: Call, loot: Loot) -> Call:
    """Ask with a key of a kind that not every party verifies."""
    return asking(call, requests.request(ed25519.Ed25519PrivateKey.generate(), loot.enrolment.names))


def unreadable(call: Call, loot: Loot) -> Call:
    """Ask with a requested extension that the library cannot read."""
    own = loot.enrolment
    return asking(call, requests.with_extension(own.key, own.names, UNKNOWN_TLS_FEATURE))


def asking(call: Call, request: bytes) -> Call:
    """Send another request. request: DER."""
    return call.but(body=base64.encodebytes(request))


def _refused(identifier: str, title: str, change: Change, status: int, rule: str) -> Attack:
    return Attack(ENROLMENT, identifier, title, change, Expected(status, None, rule))


ATTACKS: tuple[Attack, ...] = (
    _refused("enrol-guessed-secret", "a guessed secret", own_secret_guessed, 401, "est.credentials"),
    _refused(
        "enrol-without-secret", "a certificate in place of the secret", no_secret, 401, "est.credentials"
    ),
    Attack(
        ENROLMENT,
        "enrol-as-another",
        "the partner's name with the thief's secret",
        secret_of("partner"),
        Expected(401, None, "est.credentials"),
        twin=secret_of("nobody"),
    ),
    _refused("enrol-as-nobody", "the name of nobody", secret_of("nobody"), 401, "est.credentials"),
    _refused(
        "enrol-spent-secret",
        "a secret that was spent, with a new key",
        spent_secret,
        403,
        "enrolment.secret-spent",
    ),
    _refused("enrol-partners-subject", "the partner's subject", partners_subject, 403, "csr.subject"),
    _refused(
        "enrol-partners-dns-name",
        "the partner's DNS name beside the thief's",
        partners_dns_name,
        403,
        "csr.alternative-name",
    ),
    _refused("enrol-partners-uri", "the partner's URI", partners_uri, 403, "csr.alternative-name"),
    _refused("enrol-mailbox", "a mailbox of the partner's", an_address, 403, "csr.alternative-name"),
    _refused("enrol-authority", "a certificate that certifies others", authority, 403, "csr.authority"),
    _refused(
        "enrol-partners-key",
        "the partner's public key, with a signature by another key",
        not_the_keys_signature,
        400,
        "csr.signature",
    ),
    _refused("enrol-weak-key", "an RSA key of 1024 bits", weak_key, 400, "csr.key"),
    _refused("enrol-odd-key", "a key of a kind that not every party verifies", odd_key, 400, "csr.key"),
    _refused(
        "enrol-no-request",
        "something that is no request",
        lambda call, _loot: asking(call, b"0\x030\x01\x00"),
        400,
        "csr.syntax",
    ),
    _refused(
        "enrol-unreadable",
        "a request for a TLS feature that no library knows",
        unreadable,
        400,
        "csr.syntax",
    ),
    _refused(
        "enrol-pem",
        "a body that is not base64",
        lambda call, _loot: call.but(body=b"-----BEGIN"),
        400,
        "est.encoding",
    ),
    _refused(
        "enrol-media-type",
        "a request that is announced as something else",
        lambda call, _loot: call.with_header("Content-Type", "application/json"),
        415,
        "est.media-type",
    ),
    _refused(
        "enrol-oversize",
        "a request of 50 KB",
        lambda call, _loot: call.but(body=b"A" * 50_000),
        413,
        "est.body-size",
    ),
)
