"""RFC 7591 §2, RFC 8705 §2.2.2, RFC 7523, RFC 9449 §5.2: what clients of each method register."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from authserver.clients.models import Client, columns, find_client
from authserver.clients.registration import RegistrationPolicy, client_information, register
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.caller import OTHER_RESOURCE, RESOURCE
from tests.sender_constraint.odd_der import CERTIFICATES as ODD_CERTIFICATES
from tests.sender_constraint.odd_der import odd
from tests.sender_constraint.pki import NOW, issue

POLICY = RegistrationPolicy(
    ("accounts", "payments"), (RESOURCE, OTHER_RESOURCE), demo=False, jwks_uri_hosts=("keys.example:8443",)
)
KEYS = {
    "ES256": jwk_of(ec.generate_private_key(ec.SECP256R1())),
    "PS256": jwk_of(rsa.generate_private_key(65537, 2048)),
    "EdDSA": jwk_of(ed25519.Ed25519PrivateKey.generate()),
}
SHORT_KEY = jwk_of(rsa.generate_private_key(65537, 1024))  # noqa: S505 - weak on purpose
OTHER_CURVE = {"kty": "EC", "crv": "secp256k1", "x": KEYS["ES256"]["x"], "y": KEYS["ES256"]["y"]}
CERTIFICATE = issue(None)


def certified(**changes: Any) -> dict[str, Any]:
    """A JWK with its certificate (RFC 7517 §4.7), with members changed, or left out where None."""
    x5c = [base64.b64encode(CERTIFICATE.der).decode()]
    members = {**jwk_of(CERTIFICATE.key), "x5c": x5c, **changes}
    return {name: value for name, value in members.items() if value is not None}


ASSERTING: dict[str, Any] = {
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_signing_alg": "ES256",
    "dpop_bound_access_tokens": True,
    "jwks": {"keys": [{**KEYS["ES256"], "kid": "1", "alg": "ES256", "use": "sig"}]},
}
SELF_SIGNED: dict[str, Any] = {
    "token_endpoint_auth_method": "self_signed_tls_client_auth",
    "tls_client_certificate_bound_access_tokens": True,
    "jwks": {"keys": [certified()]},
}


def but(valid: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


def refused(metadata: dict[str, Any]) -> InvalidClientMetadata:
    with pytest.raises(InvalidClientMetadata) as raised:
        register(metadata, POLICY)
    return raised.value


@pytest.mark.django_db
@pytest.mark.parametrize("valid", [ASSERTING, SELF_SIGNED], ids=["private_key_jwt", "self-signed"])
def test_what_is_registered_is_kept_and_told(valid: dict[str, Any]) -> None:
    client = register(valid, POLICY)
    Client.objects.create(client_id=client.client_id, **columns(client))
    assert find_client(client.client_id) == client
    told = client_information(client, NOW)
    assert {name: told[name] for name in valid} == valid


@pytest.mark.clause("RFC 7523 §3")
@pytest.mark.parametrize("algorithm", KEYS)
def test_keys_of_each_algorithm_are_registered(algorithm: str) -> None:
    keys = {"keys": [KEYS[algorithm]]}
    assert register(but(ASSERTING, token_endpoint_auth_signing_alg=algorithm, jwks=keys), POLICY).jwks == keys
    assert register(but(ASSERTING, token_endpoint_auth_signing_alg=None, jwks=keys), POLICY).jwks == keys


@pytest.mark.clause("RFC 7517 §5")
def test_keys_of_other_kinds_beside_a_good_one_are_passed_over() -> None:
    keys = [{**SHORT_KEY, "use": "enc"}, OTHER_CURVE, KEYS["ES256"]]
    assert register(but(ASSERTING, jwks={"keys": keys}), POLICY)


ASSERTING_WRONGLY: list[tuple[dict[str, Any], str]] = [
    ({"jwks": None}, "registration.keys-needed"),
    ({"token_endpoint_auth_signing_alg": "RS256"}, "registration.signing-alg"),
    ({"token_endpoint_auth_signing_alg": "HS256"}, "registration.signing-alg"),
    ({"token_endpoint_auth_signing_alg": "none"}, "registration.signing-alg"),
    ({"token_endpoint_auth_signing_alg": "PS256"}, "registration.usable-keys"),
    ({"jwks": {"keys": [OTHER_CURVE]}}, "registration.usable-keys"),
    ({"jwks": {"keys": [{**KEYS["ES256"], "use": "enc"}]}}, "registration.usable-keys"),
    ({"jwks": {"keys": [{**KEYS["ES256"], "crv": ["P-256"]}]}}, "registration.usable-keys"),
    ({"jwks": {"keys": [{**KEYS["ES256"], "crv": {}}]}}, "registration.usable-keys"),
    ({"jwks": {"keys": [KEYS["ES256"], SHORT_KEY]}}, "jwk.weak"),
    ({"jwks": {"keys": [{**KEYS["ES256"], "x": "AAAA"}]}}, "jwk.numbers"),
    ({"tls_client_auth_san_dns": "partner.example"}, "registration.names-for-method"),
    ({"tls_client_certificate_bound_access_tokens": True}, "registration.one-binding"),
    ({"dpop_bound_access_tokens": False, "tls_client_certificate_bound_access_tokens": False},
     "registration.bound-tokens"),
    ({"jwks_uri": "https://keys.example:8443/jwks"}, "registration.keys-once"),
    ({"jwks": None, "jwks_uri": "https://keys.example/jwks"}, "registration.keys-by-address"),
]  # fmt: skip


@pytest.mark.clause("RFC 7591 §3.2.2")
@pytest.mark.parametrize(("change", "rule"), ASSERTING_WRONGLY, ids=lambda value: str(value)[:60])
def test_what_contradicts_an_asserting_client_is_refused_by_name(change: dict[str, Any], rule: str) -> None:
    assert register(ASSERTING, POLICY)
    assert refused(but(ASSERTING, **change)).rule.identifier == rule


SELF_SIGNED_WRONGLY: list[tuple[dict[str, Any], str]] = [
    (certified(x5c=None), "registration.certificate-needed"),
    (certified(x5c=None, **{"x5t#S256": "A" * 43}), "registration.certificate-needed"),
    (certified(x5c=[]), "registration.certificate-form"),
    (certified(x5c=CERTIFICATE.der.hex()), "registration.certificate-form"),
    (certified(x5c=[1]), "registration.certificate-form"),
    (certified(x5c=["no base64"]), "registration.certificate-form"),
    (certified(x5c=["AAAA"]), "certificate.malformed"),
    *(
        (
            certified(x5c=[base64.b64encode(odd(name, CERTIFICATE, CERTIFICATE).der).decode()]),
            "certificate.malformed",
        )
        for name in ODD_CERTIFICATES
    ),
    (certified(**KEYS["ES256"]), "registration.certificate-key"),
]


@pytest.mark.clause("RFC 8705 §2.2.2")
@pytest.mark.parametrize(("key", "rule"), SELF_SIGNED_WRONGLY, ids=lambda value: str(value)[:60])
def test_what_is_no_certificate_is_refused_by_name(key: dict[str, Any], rule: str) -> None:
    assert register(SELF_SIGNED, POLICY)
    assert refused(but(SELF_SIGNED, jwks={"keys": [key]})).rule.identifier == rule
    assert refused(but(SELF_SIGNED, jwks={"keys": [certified(), key]})).rule.identifier == rule


@pytest.mark.clause("RFC 8705 §2.2.2")
def test_a_bare_key_and_a_fingerprint_are_each_named_as_such() -> None:
    bare = refused(but(SELF_SIGNED, jwks={"keys": [certified(x5c=None)]}))
    print_ = refused(but(SELF_SIGNED, jwks={"keys": [certified(x5c=None, **{"x5t#S256": "A" * 43})]}))
    assert "a bare key" in bare.description
    assert "a fingerprint" in print_.description


@pytest.mark.clause("RFC 9449 §5.2")
@pytest.mark.parametrize(
    ("valid", "named", "bound"),
    [
        (ASSERTING, {}, (False, True)),
        (ASSERTING, {"dpop_bound_access_tokens": False}, (True, False)),
        (ASSERTING, {"tls_client_certificate_bound_access_tokens": True}, (True, False)),
        (SELF_SIGNED, {}, (True, False)),
        (SELF_SIGNED, {"dpop_bound_access_tokens": True}, (False, True)),
        (SELF_SIGNED, {"dpop_bound_access_tokens": False}, (True, False)),
    ],
)
def test_one_binding_is_substituted_where_none_is_named(
    valid: dict[str, Any], named: dict[str, bool], bound: tuple[bool, bool]
) -> None:
    silent = but(valid, dpop_bound_access_tokens=None, tls_client_certificate_bound_access_tokens=None)
    client = register({**silent, **named}, POLICY)
    assert (client.tls_client_certificate_bound_access_tokens, client.dpop_bound_access_tokens) == bound


def test_keys_are_fetched_from_hosts_that_are_allowed() -> None:
    address = "https://keys.example:8443/jwks"
    client = register(but(ASSERTING, jwks=None, jwks_uri=address), POLICY)
    assert (client.jwks, client.jwks_uri) == (None, address)


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
def test_the_profile_allows_no_bearer_tokens_in_a_demo_either() -> None:
    demo = RegistrationPolicy(POLICY.scopes, POLICY.resources, demo=True)
    unbound = but(ASSERTING, dpop_bound_access_tokens=False, tls_client_certificate_bound_access_tokens=False)
    assert register(unbound, demo)
    assert register(but(ASSERTING, profile="fapi2"), demo).profile == "fapi2"
    with pytest.raises(InvalidClientMetadata) as raised:
        register({**unbound, "profile": "fapi2"}, demo)
    assert raised.value.rule.identifier == "registration.profile-binding"
