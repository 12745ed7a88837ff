"""Certificates and requests with values that ``cryptography`` does not expect, as any peer can make them.

Each is signed over what it says, and OpenSSL presents it in a handshake.
"""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.fuzz.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    INTEGER,
    OID,
    SEQUENCE,
    SET,
    UTC_TIME,
    UTF8_STRING,
    Node,
    node,
    oid,
    parse,
)
from tests.fuzz.der_changes import extension
from tests.sender_constraint.pki import Issued

Change = Callable[[Node], None]

TLS_FEATURE = "1.3.6.1.5.5.7.1.24"
ALTERNATIVE_NAME = "2.5.29.17"
COMMON_NAME, UNIQUE_IDENTIFIER = "2.5.4.3", "2.5.4.45"


def resigned(der: bytes, key: ec.EllipticCurvePrivateKey, change: Change) -> bytes:
    """A certificate or request with a change to its signed part, signed again by this key."""
    tree = parse(der)
    assert tree.inner is not None
    change(tree.inner[0])
    signature = key.sign(bytes(tree.inner[0]), ec.ECDSA(hashes.SHA256()))
    tree.inner[2] = Node(BIT_STRING, b"\x00" + signature)
    return bytes(tree)


def with_extension(added: Node) -> Change:
    """One more extension, in the place of another of its kind."""

    def change(signed: Node) -> None:
        extensions = next(each for each in signed.all() if _holds_extensions(each))
        identifier = (added.inner or [Node(0)])[0].content
        kept = [each for each in extensions.inner or [] if (each.inner or [Node(0)])[0].content != identifier]
        extensions.inner = [*kept, added]

    return change


def _holds_extensions(candidate: Node) -> bool:
    inner = candidate.inner or []
    return bool(inner) and all(
        each.tag == SEQUENCE and each.inner and each.inner[0].tag == OID and each.inner[-1].tag == 0x04
        for each in inner
    )


def with_time(place: int, text: bytes) -> Change:
    """notBefore (0) or notAfter (1) as a GeneralizedTime."""

    def change(signed: Node) -> None:
        times = [each for each in signed.all() if each.tag in (UTC_TIME, GENERALIZED_TIME)]
        times[place].tag, times[place].content = GENERALIZED_TIME, text

    return change


def with_common_name(tag: int, content: bytes, identifier: str = COMMON_NAME) -> Change:
    """The last common name, which is the subject's, as another type."""

    def change(signed: Node) -> None:
        attributes = [
            each
            for each in signed.all()
            if each.inner and len(each.inner) == 2 and bytes(each.inner[0]) == bytes(oid(COMMON_NAME))
        ]
        attributes[-1].inner = [oid(identifier), Node(tag, content)]

    return change


def directory_name(tag: int, content: bytes) -> Node:
    """A subject alternative name with a directoryName, whose common name has this type."""
    attribute = node(SEQUENCE, oid(COMMON_NAME), Node(tag, content))
    return extension(ALTERNATIVE_NAME, node(SEQUENCE, node(0xA4, node(SEQUENCE, node(SET, attribute)))))


UNKNOWN_TLS_FEATURE = extension(TLS_FEATURE, node(SEQUENCE, Node(INTEGER, b"\x63")))

CERTIFICATES: dict[str, Change] = {
    "TLS feature 99": with_extension(UNKNOWN_TLS_FEATURE),
    "notBefore in the year 0": with_time(0, b"00000101000000Z"),
    "notAfter in the year 0": with_time(1, b"00000101000000Z"),
    "a common name as BIT STRING": with_common_name(BIT_STRING, b"\x00a"),
    "a directoryName with a BIT STRING": with_extension(directory_name(BIT_STRING, b"\x00a")),
    "an x400Address": with_extension(extension(ALTERNATIVE_NAME, node(SEQUENCE, Node(0xA3, b"\x30\x00")))),
    "an IP address of three bytes": with_extension(
        extension(ALTERNATIVE_NAME, node(SEQUENCE, Node(0x87, b"\x7f\x00\x01")))
    ),
}
REQUESTS: dict[str, Change] = {
    name: CERTIFICATES[name]
    for name in (
        "TLS feature 99",
        "a common name as BIT STRING",
        "a directoryName with a BIT STRING",
        "an x400Address",
        "an IP address of three bytes",
    )
} | {
    "a common name that is not UTF-8": with_common_name(UTF8_STRING, b"\xff\xfe"),
    "an x500UniqueIdentifier": with_common_name(BIT_STRING, b"\x00a", UNIQUE_IDENTIFIER),
}


def with_pss_without_parameters(der: bytes) -> bytes:
    """A request that says RSASSA-PSS, and leaves out the parameters (RFC 4055 §3.1 demands them)."""
    tree = parse(der)
    assert tree.inner is not None
    tree.inner[1] = node(SEQUENCE, oid("1.2.840.113549.1.1.10"))
    return bytes(tree)


def odd_request(name: str, key: ec.EllipticCurvePrivateKey, subject: x509.Name, dns: str) -> bytes:
    """A request with one of REQUESTS, which is honest otherwise; DER."""
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
    )
    der = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    if name == PSS_WITHOUT_PARAMETERS:
        return with_pss_without_parameters(der)
    return resigned(der, key, REQUESTS[name]) if name else der


PSS_WITHOUT_PARAMETERS = "RSASSA-PSS without parameters"
ODD_REQUESTS = (*REQUESTS, PSS_WITHOUT_PARAMETERS)


def odd(name: str, issued: Issued, issuer: Issued) -> Issued:
    """A certificate with one of CERTIFICATES, otherwise as it was issued."""
    der = resigned(issued.der, issuer.key, CERTIFICATES[name])
    return Issued(x509.load_der_x509_certificate(der), issued.key)
