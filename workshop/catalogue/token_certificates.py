"""Certificates with the partner's names at the token endpoint, with none of which the partner authenticates.

RFC 8705 §2.1 (https://www.rfc-editor.org/rfc/rfc8705), RFC 5280 §4 and §6
(https://www.rfc-editor.org/rfc/rfc5280).
"""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from workshop import forgery
from workshop.calls import Call
from workshop.catalogue.api_certificates import mismatched
from workshop.catalogue.attack import Attack, Change, Expected
from workshop.catalogue.token_requests import IN_THE_PARTNERS_NAME
from workshop.issuing import HOUR, SERVER, UNKNOWN_TLS_FEATURE, Issued, issue
from workshop.loot import Loot


def self_made(call: Call, loot: Loot) -> Call:
    """A certificate with the partner's names, in the name of the scheme's issuer."""
    return call.but(credentials=loot.written(*forgery.self_made_certificate(loot.partner_certificate)))


def self_signed(call: Call, loot: Loot) -> Call:
    """RFC 8705 §2.2: a certificate with the partner's names that is its own issuer."""
    subject = loot.partner_certificate.subject
    return _showing(call, loot, issue(forgery.content_with(loot.partner_certificate, subject=subject)))


def foreign_authority(call: Call, loot: Loot) -> Call:
    """A certificate with the partner's names by a CA outside the scheme, whose chain is sent whole."""
    names = x509.Name.from_rfc4514_string("CN=Foreign Root")
    content = forgery.content_with(loot.partner_certificate)
    root = issue(forgery.content_with(loot.partner_certificate, subject=names, authority=True, purposes=None))
    return _showing(call, loot, issue(content, root), root)


def flawed(**changes: Any) -> Change:
    """A certificate with the partner's names that the scheme's CA would never issue."""
    return lambda call, loot: _showing(call, loot, loot.authorities.certificate(**changes))


def weak_key(call: Call, loot: Loot) -> Call:
    """The same with a key that can be factored."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    return _showing(call, loot, loot.authorities.certificate(key=key))


def _showing(call: Call, loot: Loot, issued: Issued, *issuers: Issued) -> Call:
    return call.but(credentials=loot.credentials(issued, *issuers))


def _refused(identifier: str, title: str, change: Change, rule: str, *, insider: bool) -> Attack:
    expected = Expected(401, "invalid_client", rule)
    return Attack(IN_THE_PARTNERS_NAME, identifier, title, change, expected, insider=insider)


_MADE = (
    (
        "token-self-made",
        "a self-made certificate in the name of the scheme's CA",
        self_made,
        "certificate.chain",
    ),
    (
        "token-self-signed",
        "a self-signed certificate with the partner's names",
        self_signed,
        "certificate.chain",
    ),
    (
        "token-foreign-authority",
        "a certificate by a CA outside the scheme",
        foreign_authority,
        "certificate.chain",
    ),
)

_FLAWED = (
    (
        "token-certificate-expired",
        "an expired certificate with the partner's names",
        flawed(begins=-HOUR, ends=-HOUR / 60),
        "certificate.expired",
    ),
    (
        "token-certificate-not-yet-valid",
        "a certificate that is not yet valid",
        flawed(begins=HOUR / 60),
        "certificate.not-yet-valid",
    ),
    (
        "token-certificate-of-a-server",
        "a server's certificate with the partner's names",
        flawed(purposes=SERVER),
        "certificate.purpose-wrong",
    ),
    (
        "token-certificate-without-purpose",
        "a certificate that states no purpose",
        flawed(purposes=None),
        "certificate.purpose-missing",
    ),
    (
        "token-certificate-of-an-authority",
        "a CA certificate with the partner's names",
        flawed(authority=True),
        "certificate.is-authority",
    ),
    (
        "token-certificate-not-for-signatures",
        "a certificate whose key is for encryption",
        flawed(signs=False),
        "certificate.key-usage",
    ),
    (
        "token-certificate-unreadable",
        "a certificate with a TLS feature that no library knows",
        flawed(more=[UNKNOWN_TLS_FEATURE]),
        "certificate.malformed",
    ),
    ("token-certificate-weak-key", "a certificate with an RSA key of 1024 bits", weak_key, "certificate.key"),
)

ATTACKS: tuple[Attack, ...] = (
    *(_refused(*each, insider=False) for each in _MADE),
    *(_refused(*each, insider=True) for each in _FLAWED),
    Attack(
        IN_THE_PARTNERS_NAME,
        "token-mismatched-key",
        "the partner's certificate in the handshake, with a key of the thief's",
        lambda call, loot: call.but(credentials=mismatched(loot)),
        Expected(None, "decrypt_error", "tls.possession"),
    ),
)
