"""What a thief can make by itself, from a stolen token and from certificates that everybody may see."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sender_constraint.core.confirmation import certificate_confirmation
from workshop.issuing import Content, names_of


def self_made_certificate(model: x509.Certificate) -> tuple[bytes, bytes]:
    """A certificate with the subject, issuer and names of another one, signed by the thief's own key.

    Returns the certificate and its private key, both PEM.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(model.subject)
        .issuer_name(model.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
    )
    for extension in model.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), _pem(key)


def mismatched_key(certificate: x509.Certificate) -> bytes:
    """An EC private key file (RFC 5915 §3, PEM): the certificate's public half, another private half.

    OpenSSL compares the public halves only, so it sends the certificate and signs with the wrong key.
    Raises ValueError if the certificate's key is not on P-256.
    """
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise ValueError("the certificate's key is not on P-256")
    private = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    prime256v1 = bytes.fromhex("06082a8648ce3d030107")
    content = b"\x02\x01\x01" + _der(0x04, private) + _der(0xA0, prime256v1)
    content += _der(0xA1, _der(0x03, b"\x00" + point))
    encoded = base64.encodebytes(_der(0x30, content))
    return b"-----BEGIN EC PRIVATE KEY-----\n" + encoded + b"-----END EC PRIVATE KEY-----\n"


def with_other_confirmation(token: str, certificate_der: bytes) -> str:
    """The token with ``cnf`` changed to another certificate; the signature stays as it was."""
    header, claims, signature = token.split(".")
    return f"{header}.{_rebound(claims, certificate_der)}.{signature}"


def without_signature(token: str, certificate_der: bytes) -> str:
    """The token with ``alg: none`` (RFC 8725 §2.1), bound to another certificate, unsigned."""
    header, claims, _ = token.split(".")
    return f"{_encoded({**_decoded(header), 'alg': 'none'})}.{_rebound(claims, certificate_der)}."


def signed_with_public_key(token: str, certificate_der: bytes, public_key_pem: bytes) -> str:
    """The token re-signed with HS256 and the issuer's public key as the secret (RFC 8725 §2.1)."""
    header, claims, _ = token.split(".")
    signed = f"{_encoded({**_decoded(header), 'alg': 'HS256'})}.{_rebound(claims, certificate_der)}"
    mac = hmac.new(public_key_pem, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64url(mac)}"


def signed(header: Mapping[str, Any], payload: bytes, key: ec.EllipticCurvePrivateKey) -> str:
    """A token with this header and payload, signed with ES256 (RFC 7518 §3.4)."""
    octets = f"{_encoded(dict(header))}.{base64url(payload)}".encode()
    r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(hashes.SHA256())))
    return f"{octets.decode()}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def signed_by_thief(token: str, certificate_der: bytes, **header: Any) -> str:
    """The token bound to another certificate and signed with a key of the thief's.

    header: members that are added; a callable is given the thief's public key as a JWK.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = _public_jwk(key.public_key())
    members = {name: value(jwk) if callable(value) else value for name, value in header.items()}
    original, claims, _ = token.split(".")
    rebound = _unpadded(_rebound(claims, certificate_der))
    return signed({**_decoded(original), **members}, rebound, key)


def with_header(token: str, **members: Any) -> str:
    """The token with members of its header changed; the signature stays as it was."""
    header, claims, signature = token.split(".")
    return f"{_encoded({**_decoded(header), **members})}.{claims}.{signature}"


def content_with(model: x509.Certificate, **changes: Any) -> Content:
    """What a good client certificate with another one's names says, but for these changes."""
    subject, alternative_names = names_of(model)
    return replace(Content(subject, alternative_names), **changes)


def pem_of(certificate: x509.Certificate) -> bytes:
    """A certificate, PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def decoded_parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT, unverified: for people to look at."""
    header, claims, _ = token.split(".")
    return _decoded(header), _decoded(claims)


def _rebound(claims: str, certificate_der: bytes) -> str:
    """The claims with their confirmation changed to another certificate; encoded, as they came."""
    return _encoded({**_decoded(claims), "cnf": certificate_confirmation(certificate_der)})


def _decoded(part: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_unpadded(part))
    return document


def _unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    x, y = (base64url(each.to_bytes(32, "big")) for each in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _encoded(document: dict[str, Any]) -> str:
    return base64url(json.dumps(document, separators=(",", ":")).encode())


def base64url(content: bytes) -> str:
    """RFC 7515 §2: base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _der(tag: int, content: bytes) -> bytes:
    """One DER element of fewer than 128 bytes, or of two length bytes at the most."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    return bytes([tag, 0x81, len(content)]) + content


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
