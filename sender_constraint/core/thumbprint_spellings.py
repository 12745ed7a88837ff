"""Wrong ways to write the thumbprint of the right certificate, so that a refusal can say which one it was.

RFC 8705 §3.1 (https://www.rfc-editor.org/rfc/rfc8705): ``x5t#S256`` is base64url without padding of SHA-256
over the certificate's DER. Whoever writes it otherwise hashes something else, or writes the digest in
another way; each pair of the two below is tried. Nothing is accepted here: a thumbprint is compared in
``thumbprints``, exactly.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sender_constraint.core.untrusted_input import MalformedInput, certificate_from_der, public_key_of

RIGHT = "base64url without padding"
_WHOLE = "the certificate's DER"


def spelling_of(value: str, certificate: bytes) -> str | None:
    """How this value was made of this certificate (DER), for people; None if it was not, or rightly so.

    For example: ``SHA-256 of the certificate's DER, in hexadecimal``.
    """
    known: dict[str, str] = {}
    for made_of, digest in _digests(certificate):
        for written_as, text in spellings(digest).items():
            known.setdefault(text, f"{made_of}, in {written_as}")
    right = next(iter(known))
    if value == right:
        return None
    bare = value.strip().rpartition("Fingerprint=")[2].removeprefix("sha256:")
    if found := known.get(value) or known.get(bare):
        return found if value in known else f"{found}, with something around it"
    if value.lower() == right.lower():
        return f"SHA-256 of {_WHOLE}, in {RIGHT}, in other letter case"
    if len(value) >= len(right) // 2 and right.startswith(value):
        return f"SHA-256 of {_WHOLE}, in {RIGHT}, cut after {len(value)} characters"
    return None


def spellings(digest: bytes) -> Mapping[str, str]:
    """A digest in the ways in which digests are written, the one of RFC 8705 first."""
    padded = base64.urlsafe_b64encode(digest).decode()
    standard = base64.b64encode(digest).decode()
    hexadecimal = digest.hex()
    return {
        RIGHT: padded.rstrip("="),
        "base64url with padding": padded,
        "standard base64 with padding": standard,
        "standard base64 without padding": standard.rstrip("="),
        "hexadecimal": hexadecimal,
        "capital hexadecimal": hexadecimal.upper(),
        "hexadecimal with colons": digest.hex(":"),
        "capital hexadecimal with colons": digest.hex(":").upper(),
        "base64url of its hexadecimal text": _base64url(hexadecimal.encode()),
        "base64url of its capital hexadecimal text": _base64url(hexadecimal.upper().encode()),
    }


def form_of(value: str) -> str | None:
    """What a value looks like, whatever it was made of; None if it looks like no digest."""
    without_colons = value.replace(":", "")
    digest = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}.get(len(without_colons))
    if digest and all(each in "0123456789abcdefABCDEF" for each in without_colons):
        return f"a {digest} digest in hexadecimal{' with colons' if ':' in value else ''}"
    if len(value) == 44 and value.endswith("="):
        return "a SHA-256 digest in base64 with padding"
    if len(value) == 43 and ("+" in value or "/" in value):
        return "a SHA-256 digest in standard base64"
    if len(value) == 27 or (len(value) == 28 and value.endswith("=")):
        return "a SHA-1 digest in base64"
    if len(value) == 86:
        return "the hexadecimal text of a SHA-256 digest in base64url, or a SHA-512 digest"
    return None


def _digests(der: bytes) -> Iterator[tuple[str, bytes]]:
    """What is hashed, and its digest; the right one first."""
    yield f"SHA-256 of {_WHOLE}", hashlib.sha256(der).digest()
    yield f"SHA-1 of {_WHOLE}", hashlib.sha1(der, usedforsecurity=False).digest()
    yield f"MD5 of {_WHOLE}", hashlib.md5(der, usedforsecurity=False).digest()
    yield f"SHA-384 of {_WHOLE}", hashlib.sha384(der).digest()
    yield f"SHA-512 of {_WHOLE}", hashlib.sha512(der).digest()
    for made_of, octets in _other_octets(der):
        yield f"SHA-256 of {made_of}", hashlib.sha256(octets).digest()
        yield f"SHA-1 of {made_of}", hashlib.sha1(octets, usedforsecurity=False).digest()


def _other_octets(der: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        certificate = certificate_from_der(der)
        pem = certificate.public_bytes(Encoding.PEM)
        key = public_key_of(certificate).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except MalformedInput:
        return
    body = b"".join(pem.splitlines()[1:-1])
    yield "the PEM text", pem
    yield "the PEM text without the line end behind it", pem.rstrip(b"\n")
    yield "the PEM text with Windows line ends", pem.replace(b"\n", b"\r\n")
    yield "the base64 text between the PEM lines", body
    yield "the base64 text between the PEM lines", b"\n".join(pem.splitlines()[1:-1])
    yield "the base64 text between the PEM lines", b"\n".join(pem.splitlines()[1:-1]) + b"\n"
    yield "the public key (SubjectPublicKeyInfo)", key
    yield "the part of the certificate that is signed", certificate.tbs_certificate_bytes
    yield "the hexadecimal text of its DER", der.hex().encode()


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
