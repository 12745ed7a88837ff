"""What a thief can make by itself, from a stolen token and from certificates that everybody may see."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.confirmation import certificate_confirmation


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
    return f"{signed}.{_base64url(mac)}"


def decoded_parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT, unverified: for people to look at."""
    header, claims, _ = token.split(".")
    return _decoded(header), _decoded(claims)


def _rebound(claims: str, certificate_der: bytes) -> str:
    """The claims with their confirmation changed to another certificate; encoded, as they came."""
    return _encoded({**_decoded(claims), "cnf": certificate_confirmation(certificate_der)})


def _decoded(part: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return document


def _encoded(document: dict[str, Any]) -> str:
    return _base64url(json.dumps(document, separators=(",", ":")).encode())


def _base64url(content: bytes) -> str:
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
