"""The certificates of a client that authenticates by self_signed_tls_client_auth: ``x5c`` in its ``jwks``.

RFC 8705 §2.2.2, https://www.rfc-editor.org/rfc/rfc8705; RFC 7517 §4.7. A key alone, or a fingerprint, is no
certificate: what is compared at the token endpoint is the whole of it.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from authserver.clients.members import metadata_rule
from sender_constraint.core.certificate_checks import check_key, load_certificate
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.core.rules import enforces
from sender_constraint.core.thumbprints import certificate_thumbprint

CERTIFICATE_NEEDED = metadata_rule(
    "registration.certificate-needed",
    "RFC 8705 §2.2.2",
    "A self_signed_tls_client_auth client must register its certificate (x5c).",
)
CERTIFICATE_FORM = metadata_rule(
    "registration.certificate-form",
    "RFC 7517 §4.7",
    "x5c is not an array of base64-encoded DER certificates.",
)
CERTIFICATE_KEY = metadata_rule(
    "registration.certificate-key", "RFC 7517 §4.7", "The certificate in x5c has another key than its JWK."
)

# RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2.
_KEY_MEMBERS = ("kty", "crv", "x", "y", "n", "e")


@enforces(CERTIFICATE_NEEDED)
def check_certificate_needed(key: Mapping[str, Any]) -> None:
    """RFC 8705 §2.2.2: each key of the set has its certificate in ``x5c``."""
    if "x5c" not in key:
        found = "a fingerprint" if {"x5t", "x5t#S256"}.intersection(key) else "a bare key"
        raise InvalidClientMetadata(
            CERTIFICATE_NEEDED,
            f"self_signed_tls_client_auth needs the certificate itself, as x5c in jwks: found {found}",
            members=sorted(map(str, key))[:10],
        )


@enforces(CERTIFICATE_FORM)
def certificate_of(key: Mapping[str, Any]) -> bytes:
    """RFC 7517 §4.7: DER of the first of ``x5c``, each of which is base64 with padding, not base64url."""
    chain = key.get("x5c")
    try:
        if not isinstance(chain, list) or not all(isinstance(each, str) for each in chain):
            raise TypeError("not an array of strings")
        return base64.b64decode(chain[0], validate=True)
    except (TypeError, IndexError, binascii.Error, ValueError) as problem:
        raise InvalidClientMetadata(
            CERTIFICATE_FORM, "jwks has an x5c without certificates", problem=str(problem)[:200]
        ) from None


@enforces(CERTIFICATE_KEY)
def check_certificate_key(key: Mapping[str, Any], certificate: x509.Certificate) -> None:
    """RFC 7517 §4.7: the key in the first certificate MUST match the other members of the JWK."""
    said = {name: value for name, value in key.items() if name in _KEY_MEMBERS}
    own = _jwk_of(certificate)
    if any(own.get(name) != value for name, value in said.items()):
        raise InvalidClientMetadata(
            CERTIFICATE_KEY, "jwks has an x5c whose certificate has another key", members=sorted(said)
        )


def thumbprints_of(jwks: Mapping[str, Any] | None) -> frozenset[str]:
    """``x5t#S256`` of the certificates in a set that was registered; none where it has none."""
    keys = (jwks or {}).get("keys", [])
    return frozenset(certificate_thumbprint(certificate_of(key)) for key in keys if "x5c" in key)


def check_certificates(jwks: Mapping[str, Any]) -> None:
    """Each key has a sound certificate. Raises InvalidClientMetadata."""
    for key in jwks["keys"]:
        check_certificate_needed(key)
        certificate = load_certificate(certificate_of(key), InvalidClientMetadata)
        check_key(certificate, InvalidClientMetadata)
        check_certificate_key(key, certificate)


def _jwk_of(certificate: x509.Certificate) -> dict[str, Any]:
    """The key of a certificate that ``check_key`` found good, as a JWK; empty for a kind that has none."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return RSAAlgorithm.to_jwk(key, as_dict=True)
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return OKPAlgorithm.to_jwk(key, as_dict=True)
    try:
        return ECAlgorithm.to_jwk(key, as_dict=True) if isinstance(key, ec.EllipticCurvePublicKey) else {}
    except InvalidKeyError:
        return {}
