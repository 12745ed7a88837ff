"""A decoy in place of a client that is not registered, or not for the method that a request uses.

An unknown client that is refused at once is answered sooner than a known one: response times would reveal
which clients are registered. So the same checks are made with a decoy, which no certificate and no key fits,
and then the request is refused for what is wrong with it. tests/benchmarks/registered_clients.py measures it.
"""

import secrets
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from authserver.client_authentication.assertions import CLIENT_ALGORITHM, KEY, Assertion
from authserver.clients.registered_client import (
    CLIENT_CREDENTIALS,
    JWT_FORMAT,
    PRIVATE_KEY_JWT,
    SIGNING_ALGORITHMS,
    TLS_CLIENT_AUTH,
    RegisteredClient,
)
from sender_constraint.core.errors import InvalidClient
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of

# Refused before a signature is verified.
_UNVERIFIED = (CLIENT_ALGORITHM, KEY)


def registered_for(method: str, found: RegisteredClient | None) -> RegisteredClient:
    """The client, if it is registered for this method; otherwise a decoy that is."""
    if found is not None and found.token_endpoint_auth_method == method:
        return found
    return _decoy(method)


def verify_in_vain(assertion: Assertion, refusal: InvalidClient) -> None:
    """Verify the signature of an assertion that was refused before: each costs one verification at least."""
    if refusal.rule in _UNVERIFIED:
        jws.is_signed_by(assertion.compact, _key(assertion.header["alg"]))


@cache
def _decoy(method: str) -> RegisteredClient:
    """Of a random name, and a key that is forgotten at once."""
    by_certificate = method == TLS_CLIENT_AUTH
    return RegisteredClient(
        client_id="",
        client_name="",
        token_endpoint_auth_method=method,
        tls_client_auth_subject_dn=f"CN={secrets.token_hex(16)},O=Decoy,C=ZZ" if by_certificate else "",
        tls_client_auth_san_dns="",
        tls_client_auth_san_uri="",
        tls_client_auth_san_ip="",
        tls_client_auth_san_email="",
        token_endpoint_auth_signing_alg="",
        tls_client_certificate_bound_access_tokens=True,
        dpop_bound_access_tokens=False,
        grant_types=(CLIENT_CREDENTIALS,),
        scope="",
        jwks=_jwks() if method == PRIVATE_KEY_JWT else None,
        jwks_uri="",
        resources=(),
        default_resource="",
        access_token_lifetime_seconds=None,
        access_token_format=JWT_FORMAT,
        profile="",
        dpop_nonce_required=False,
        introspects=(),
        assertion_audience_token_endpoint=False,
    )


def _jwks() -> dict[str, Any]:
    # Without ``kid`` they fit each assertion, so that one signature is verified whatever it names.
    return {"keys": [{**jwk_of(_key(algorithm)), "use": "sig"} for algorithm in SIGNING_ALGORITHMS]}


@cache
def _key(algorithm: str) -> jws.PublicKey:
    """Of each algorithm that assertions are signed by, one without a private key."""
    match algorithm:
        case "PS256":
            return rsa.RSAPublicNumbers(65537, secrets.randbits(2048) | 1 << 2047 | 1).public_key()
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate().public_key()
    return ec.generate_private_key(ec.SECP256R1()).public_key()
