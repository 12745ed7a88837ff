"""Certificates beside a token at the API: RFC 8705 §3 (https://www.rfc-editor.org/rfc/rfc8705).

Where an insider at the certificate authority helps, the token is bound to the very certificate that is shown:
what refuses is the certificate's own fault and nothing else.
"""

import ssl
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from workshop import forgery
from workshop.calls import Call
from workshop.catalogue.api_presentation import accounts_call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.issuing import HOUR, SERVER, UNKNOWN_TLS_FEATURE, Issued, issue
from workshop.loot import Loot
from workshop.wire import NO_CREDENTIALS, Credentials

CERTIFICATES = Family("api-certificate", "The token beside another certificate", accounts_call)

ENDED_BY_TLS = Expected(None, "decrypt_error", "tls.possession")
OVERSIZE_BYTES = 20_000


def no_certificate(call: Call, _loot: Loot) -> Call:
    """Show no certificate."""
    return call.but(credentials=NO_CREDENTIALS)


def own_certificate(call: Call, loot: Loot) -> Call:
    """Show the thief's own certificate, which the scheme's CA issued."""
    return call.but(credentials=loot.own)


def self_made_certificate(call: Call, loot: Loot) -> Call:
    """Show a certificate with the partner's names and the scheme's issuer, signed by the thief."""
    return call.but(credentials=loot.written(*forgery.self_made_certificate(loot.partner_certificate)))


def mismatched_key_tls_1_3(call: Call, loot: Loot) -> Call:
    """Send the partner's certificate and sign the handshake with another key, in TLS 1.3."""
    return call.but(credentials=mismatched(loot), tls=ssl.TLSVersion.TLSv1_3)


def mismatched_key_tls_1_2(call: Call, loot: Loot) -> Call:
    """Send the partner's certificate and sign the handshake with another key, in TLS 1.2."""
    return call.but(credentials=mismatched(loot), tls=ssl.TLSVersion.TLSv1_2)


def mismatched(loot: Loot) -> Credentials:
    """The partner's certificate, with a key that OpenSSL takes for its."""
    return loot.written(loot.partner_pem, forgery.mismatched_key(loot.partner_certificate))


def chain_of_fifty(call: Call, loot: Loot) -> Call:
    """Send the thief's certificate fifty times, for the server to build paths from."""
    assert loot.own.certificate is not None  # noqa: S101 - for mypy: the thief has one
    assert loot.own.private_key is not None  # noqa: S101
    leaf = x509.load_pem_x509_certificate(loot.own.certificate.read_bytes())
    chain = forgery.pem_of(leaf) * 50
    return call.but(credentials=loot.written(chain, loot.own.private_key.read_bytes()))


def flawed(**changes: Any) -> Change:
    """Show a certificate that the scheme's CA would never issue, with a token that is bound to it."""

    def change(call: Call, loot: Loot) -> Call:
        return _bound(call, loot, loot.authorities.certificate(**changes))

    return change


def weak_key(call: Call, loot: Loot) -> Call:
    """The same with a key that can be factored."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    return _bound(call, loot, loot.authorities.certificate(key=key))


def oversize(call: Call, loot: Loot) -> Call:
    """The same with more bytes than any certificate needs."""
    padding = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), bytes(OVERSIZE_BYTES))
    return _bound(call, loot, loot.authorities.certificate(more=[padding]))


def unreadable_issuer(call: Call, loot: Loot) -> Call:
    """Show a good certificate, and next to its issuer one that the server cannot read."""
    authority = loot.authorities.content(authority=True, purposes=None, more=[UNKNOWN_TLS_FEATURE])
    return _bound(call, loot, loot.authorities.certificate(), issue(authority))


def foreign_authority(call: Call, loot: Loot) -> Call:
    """Show a certificate with the partner's names by a CA outside the scheme, whose chain is sent whole."""
    names = x509.Name.from_rfc4514_string("CN=Foreign Root")
    authority = issue(loot.authorities.content(subject=names, authority=True, purposes=None))
    return _bound(call, loot, issue(loot.authorities.content(), authority), authority)


def issued_by_a_client(call: Call, loot: Loot) -> Call:
    """Show a certificate that a client of the scheme issued with its own one, and that one as its issuer."""
    client = loot.authorities.certificate()
    return _bound(call, loot, issue(loot.authorities.content(), client), client)


def _bound(call: Call, loot: Loot, issued: Issued, *issuers: Issued) -> Call:
    return call.but(token=loot.authorities.token(issued.der), credentials=loot.credentials(issued, *issuers))


def _by_insider(identifier: str, title: str, change: Change, rule: str) -> Attack:
    expected = Expected(401, "invalid_token", rule)
    return Attack(CERTIFICATES, identifier, title, change, expected, insider=True)


ATTACKS: tuple[Attack, ...] = (
    Attack(
        CERTIFICATES,
        "no-certificate",
        "the token, and no certificate",
        no_certificate,
        Expected(401, "invalid_token", "binding.certificate-missing"),
        label="4a",
    ),
    Attack(
        CERTIFICATES,
        "own-certificate",
        "the token, and the thief's own valid certificate from the same CA",
        own_certificate,
        Expected(401, "invalid_token", "binding.certificate"),
        label="4b",
    ),
    Attack(
        CERTIFICATES,
        "self-made-certificate",
        "the token, and a self-made certificate that carries the partner's subject",
        self_made_certificate,
        Expected(401, "invalid_token", "certificate.chain"),
        label="4c",
    ),
    Attack(
        CERTIFICATES,
        "mismatched-key-tls-1.3",
        "the partner's certificate in the handshake, with a key of the thief's (TLS 1.3)",
        mismatched_key_tls_1_3,
        ENDED_BY_TLS,
        label="4k1",
    ),
    Attack(
        CERTIFICATES,
        "mismatched-key-tls-1.2",
        "the partner's certificate in the handshake, with a key of the thief's (TLS 1.2)",
        mismatched_key_tls_1_2,
        ENDED_BY_TLS,
        label="4k2",
    ),
    Attack(
        CERTIFICATES,
        "chain-of-fifty",
        "fifty certificates in the handshake",
        chain_of_fifty,
        Expected(None, "closed", "tls.chain-length"),
    ),
    _by_insider(
        "certificate-expired",
        "a certificate that has expired, and a token bound to it",
        flawed(begins=-HOUR, ends=-HOUR / 60),
        "certificate.expired",
    ),
    _by_insider(
        "certificate-not-yet-valid",
        "a certificate that is not yet valid, and a token bound to it",
        flawed(begins=HOUR / 60),
        "certificate.not-yet-valid",
    ),
    _by_insider(
        "certificate-of-a-server",
        "a server's certificate as a client's",
        flawed(purposes=SERVER),
        "certificate.purpose-wrong",
    ),
    _by_insider(
        "certificate-for-any-purpose",
        "a certificate for any purpose, which names none",
        flawed(purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
        "certificate.purpose-wrong",
    ),
    _by_insider(
        "certificate-without-purpose",
        "a certificate that states no purpose",
        flawed(purposes=None),
        "certificate.purpose-missing",
    ),
    _by_insider(
        "certificate-of-an-authority",
        "a CA certificate as a client's",
        flawed(authority=True),
        "certificate.is-authority",
    ),
    _by_insider(
        "certificate-not-for-signatures",
        "a certificate whose key is for encryption",
        flawed(signs=False),
        "certificate.key-usage",
    ),
    _by_insider(
        "certificate-weak-key", "a certificate with an RSA key of 1024 bits", weak_key, "certificate.key"
    ),
    _by_insider(
        "certificate-oversize", f"a certificate of {OVERSIZE_BYTES} bytes", oversize, "certificate.malformed"
    ),
    _by_insider(
        "certificate-unreadable",
        "a certificate with a TLS feature that no library knows",
        flawed(more=[UNKNOWN_TLS_FEATURE]),
        "certificate.malformed",
    ),
    _by_insider(
        "certificate-unreadable-issuer",
        "a good certificate, sent with an authority's certificate that no library reads",
        unreadable_issuer,
        "certificate.malformed",
    ),
    _by_insider(
        "certificate-foreign",
        "a certificate by a CA outside the scheme, and a token bound to it",
        foreign_authority,
        "certificate.foreign",
    ),
    _by_insider(
        "certificate-by-a-client",
        "a certificate that a client of the scheme issued with its own",
        issued_by_a_client,
        "certificate.foreign",
    ),
)
