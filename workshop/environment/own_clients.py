"""The clients of the audience: one for each way to authenticate and to be bound, with keys to use at once.

The partner's certificate stands for those that need one of the scheme: it is renewed anyway.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose.jwk import jwk_of
from workshop.private_files import write_private

JWT_CLIENT = "jwt-client"
JWT_MTLS_CLIENT = "jwt-mtls-client"
SELF_SIGNED_CLIENT = "self-signed-client"
PARTNER_SUBJECT = "CN=partner,O=Partner Ltd,C=GB"
# What the CA/Browser Forum allows, and the scheme too: 398 days.
LIFETIME = timedelta(days=397)
BACKDATED = timedelta(minutes=1)
_SUBJECT = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
        x509.NameAttribute(NameOID.COMMON_NAME, SELF_SIGNED_CLIENT),
    ]
)


def registrations(folder: Path, resources: Sequence[str], *, fapi2: bool) -> Iterator[dict[str, Any]]:
    """The metadata of the clients (RFC 7591 §2), whose keys are in this folder: made once, each mode 0600.

    fapi2: whether the server keeps to FAPI 2.0. Outside it oauth2c, which addresses its assertions to the
    token endpoint, can be used as the clients that sign them.
    resources: for which tokens are issued, and all of these clients may ask for them: so that an API of the
    audience's own is called by each method. The first is the default.
    """
    for_all = {"resources": list(resources), "default_resource": resources[0]}
    certificate_bound = {**for_all, "tls_client_certificate_bound_access_tokens": True}
    dpop_bound = {
        **for_all,
        "dpop_bound_access_tokens": True,
        "tls_client_certificate_bound_access_tokens": False,
    }
    of_the_scheme = {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": PARTNER_SUBJECT,
    }
    yield {
        "client_id": "opaque-client",
        "client_name": "Your client, opaque tokens",
        **of_the_scheme,
        **certificate_bound,
        "access_token_format": "opaque",
    }
    yield {
        "client_id": "dpop-client",
        "client_name": "Your client, mutual TLS and DPoP",
        **of_the_scheme,
        **dpop_bound,
    }
    yield {
        "client_id": "nonce-client",
        "client_name": "Your client, mutual TLS and DPoP with nonces",
        **of_the_scheme,
        **dpop_bound,
        "dpop_nonce_required": True,
    }
    yield {
        "client_id": JWT_CLIENT,
        "client_name": "Your client, private_key_jwt and DPoP",
        **_asserting(folder / f"{JWT_CLIENT}.jwk.json", fapi2=fapi2),
        **dpop_bound,
    }
    yield {
        "client_id": JWT_MTLS_CLIENT,
        "client_name": "Your client, private_key_jwt and mutual TLS",
        **_asserting(folder / f"{JWT_MTLS_CLIENT}.jwk.json", fapi2=fapi2),
        **certificate_bound,
    }
    yield {
        "client_id": SELF_SIGNED_CLIENT,
        "client_name": "Your client, a certificate of its own making",
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        **certificate_bound,
        "jwks": {"keys": [_certified(folder)]},
    }


def _asserting(file: Path, *, fapi2: bool) -> dict[str, Any]:
    """Of a client that signs assertions with the private JWK in this file."""
    if not file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        private: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True)
        named = {"kid": jwk_thumbprint(jwk_of(key)), "alg": "ES256", "use": "sig"}
        write_private(file, json.dumps(private | named))
    jwk = json.loads(file.read_text())
    return {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": jwk["alg"],
        "jwks": {"keys": [{name: value for name, value in jwk.items() if name != "d"}]},
        **({} if fapi2 else {"assertion_audience_token_endpoint": True}),
    }


def _certified(folder: Path) -> dict[str, Any]:
    """The JWK with the self-signed certificate (RFC 8705 §2.2.2, RFC 7517 §4.7) in this folder."""
    file = folder / "self-signed-certificate.pem"
    if not file.exists():
        key, certificate = _self_signed()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(folder / "self-signed-key.pem", private.decode())
        write_private(file, certificate.public_bytes(serialization.Encoding.PEM).decode())
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise TypeError(f"{file} is not as it was made")
    der = certificate.public_bytes(serialization.Encoding.DER)
    return {**jwk_of(public), "x5c": [base64.b64encode(der).decode()]}


def _self_signed() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_SUBJECT)
        .issuer_name(_SUBJECT)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
    )
    return key, builder.sign(key, hashes.SHA256())
