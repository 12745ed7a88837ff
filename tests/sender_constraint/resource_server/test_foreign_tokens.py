"""Tokens of authorization servers that are not ours: other algorithms, types and claims, by a profile."""

from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from sender_constraint.core.errors import InvalidToken
from sender_constraint.resource_server.access_token import AccessTokenVerifier, VerifiedToken
from sender_constraint.resource_server.issuer_keys import IssuerKeys
from sender_constraint.resource_server.issuer_signatures import ALGORITHMS, FAPI_ALGORITHMS
from sender_constraint.resource_server.key_discovery import (
    DiscoveryFailed,
    discover_keys,
    verification_keys,
)
from sender_constraint.resource_server.token_profile import TokenProfile
from tests.foreign.signing import SigningKey, signing_key
from tests.sender_constraint.pki import NOW
from tests.sender_constraint.resource_server.tokens import RESOURCE, claims

ISSUER = "https://as.example/realms/main"
JWKS_URI = "https://keys.as.example/all"
INSERTED = "https://as.example/.well-known/oauth-authorization-server/realms/main"
APPENDED = f"{ISSUER}/.well-known/openid-configuration"
ALL = TokenProfile(algorithms=ALGORITHMS)


class Issuer:
    """Documents by address; what is not there is answered with 404."""

    def __init__(self, *published: SigningKey) -> None:
        self.metadata = {"issuer": ISSUER, "jwks_uri": JWKS_URI}
        self.documents: dict[str, Any] = {
            INSERTED: self.metadata,
            JWKS_URI: {"keys": [each.jwk() for each in published]},
        }
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append(url)
        if url not in self.documents:
            return httpx.Response(404, json={})
        return httpx.Response(200, json=self.documents[url])


def verified(
    token: str,
    profile: TokenProfile,
    *published: SigningKey,
    jwks_uri: str = "",
    issuer: Issuer | None = None,
) -> VerifiedToken:
    """What a verifier makes of a token, with an issuer that publishes these keys."""
    answers = issuer or Issuer(*published)
    with httpx.Client(transport=httpx.MockTransport(answers)) as client:
        keys = IssuerKeys(ISSUER, client, algorithms=profile.algorithms, jwks_uri=jwks_uri)
        return AccessTokenVerifier(ISSUER, RESOURCE, keys, lambda: NOW, profile=profile).verify(token)


def token(key: SigningKey, typ: str | None = "at+jwt", **changes: Any) -> str:
    """A token that is signed by a key with its own algorithm."""
    payload = {**claims(iss=ISSUER), **changes}
    payload = {name: value for name, value in payload.items() if value is not None}
    headers = {"kid": key.kid, "typ": typ}
    return jwt.encode(payload, key.private_key, algorithm=key.algorithm, headers=headers)


def refused(presented: str, profile: TokenProfile, *published: SigningKey) -> str:
    """The rule by which it is refused."""
    with pytest.raises(InvalidToken) as refusal:
        verified(presented, profile, *published)
    return refusal.value.rule.identifier


@pytest.mark.clause("RFC 8725 §3.1")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_is_accepted_where_the_profile_has_it_and_nowhere_else(algorithm: str) -> None:
    key = signing_key(algorithm)
    assert verified(token(key), TokenProfile(algorithms=(algorithm,)), key).client_id == "partner"
    others = tuple(each for each in ALGORITHMS if each != algorithm)
    assert (
        refused(token(key), TokenProfile(algorithms=others), *map(signing_key, others)) == "token.algorithm"
    )


@pytest.mark.clause("FAPI 2.0 §5.4.1")
def test_rs256_is_accepted_only_if_it_is_asked_for() -> None:
    key = signing_key("RS256")
    assert "RS256" not in FAPI_ALGORITHMS
    assert refused(token(key), TokenProfile(), signing_key("ES256")) == "token.algorithm"


@pytest.mark.clause("RFC 7517 §4.4")
def test_a_key_that_is_for_one_algorithm_verifies_no_other() -> None:
    key = signing_key("RS256")
    other = replace(key, algorithm="PS256")
    forged = jwt.encode(
        claims(iss=ISSUER), key.private_key, algorithm="PS256", headers={"kid": key.kid, "typ": "at+jwt"}
    )
    assert refused(forged, ALL, key) == "token.unknown-key"
    assert verified(token(other), ALL, other).client_id == "partner"


@pytest.mark.clause("RFC 7518 §3.3")
def test_keys_that_are_too_short_or_of_another_curve_are_left_out() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point
    other_curve = ec.generate_private_key(ec.SECP384R1())
    ed448_jwk = {
        **jwt.algorithms.OKPAlgorithm.to_jwk(ed448.Ed448PrivateKey.generate().public_key(), as_dict=True),
        "kid": "ed448",
    }
    unusable = [
        SigningKey("PS256", short).jwk(),
        {**jwt.algorithms.ECAlgorithm.to_jwk(other_curve.public_key(), as_dict=True), "kid": "p384"},
        ed448_jwk,
    ]
    with pytest.raises(DiscoveryFailed, match="no key"):
        verification_keys({"keys": unusable}, ALGORITHMS)


@pytest.mark.clause("RFC 9068 §4")
def test_the_type_jwt_is_accepted_only_where_the_profile_has_it() -> None:
    key = signing_key("ES256")
    plain = token(key, typ="JWT")
    assert refused(plain, TokenProfile(), key) == "token.type"
    both = TokenProfile(types=("at+jwt", "JWT"))
    assert verified(plain, both, key).client_id == "partner"
    assert verified(token(key, typ="application/at+jwt"), both, key).client_id == "partner"
    assert refused(token(key, typ="logout+jwt"), both, key) == "token.type"


def test_client_and_scopes_are_read_where_the_profile_says() -> None:
    key = signing_key("ES256")
    profile = TokenProfile(client_id_claim="azp", scope_claim="scp")
    foreign = token(key, client_id=None, azp="partner", scope=None, scp=["accounts", "payments"])
    read = verified(foreign, profile, key)
    assert (read.client_id, sorted(read.scopes)) == ("partner", ["accounts", "payments"])
    text = token(key, client_id=None, azp="partner", scope=None, scp="accounts payments")
    assert verified(text, profile, key).scopes == {"accounts", "payments"}


def test_a_claim_that_the_profile_does_not_name_says_nothing() -> None:
    key = signing_key("ES256")
    profile = TokenProfile(client_id_claim="azp", scope_claim="scp")
    assert refused(token(key), profile, key) == "token.claim-missing"
    assert verified(token(key, azp="other"), profile, key).scopes == frozenset()
    assert verified(token(key, azp="other"), profile, key).client_id == "other"


def test_what_others_leave_out_follows_from_the_rest_and_is_demanded_of_those_who_follow_rfc_9068() -> None:
    key = signing_key("ES256")
    bare = token(key, typ="JWT", sub=None, jti=None, iat=None, nbf=claims()["iat"])
    profile = TokenProfile(types=("JWT",))
    read = verified(bare, profile, key)
    assert (read.subject, len(read.identifier), read.issued_at) == ("partner", 32, NOW)
    assert verified(bare, profile, key).identifier == read.identifier
    assert refused(token(key, jti=None), TokenProfile(), key) == "token.claim-missing"
    for needed in ("exp", "aud", "client_id", "iss"):
        without: dict[str, Any] = {needed: None}
        assert refused(token(key, typ="JWT", **without), profile, key) == "token.claim-missing"


def test_scopes_may_be_a_list_of_words() -> None:
    key = signing_key("ES256")
    assert verified(token(key, scope=["a", "b"]), TokenProfile(), key).scopes == {"a", "b"}
    assert refused(token(key, scope=["a b"]), TokenProfile(), key) == "token.claim-type"


@pytest.mark.clause("RFC 8414 §3.1")
def test_the_metadata_of_an_issuer_with_a_path_is_found_between_host_and_path() -> None:
    key = signing_key("ES256")
    issuer = Issuer(key)
    verified(token(key), TokenProfile(), issuer=issuer)
    assert issuer.asked == [INSERTED, JWKS_URI]


@pytest.mark.clause("RFC 8414 §5")
def test_where_there_is_none_openid_s_takes_its_place() -> None:
    key = signing_key("ES256")
    issuer = Issuer(key)
    issuer.documents[APPENDED] = issuer.documents.pop(INSERTED)
    verified(token(key), TokenProfile(), issuer=issuer)
    assert issuer.asked == [INSERTED, APPENDED, JWKS_URI]


@pytest.mark.clause("RFC 8414 §3.3")
def test_in_openid_s_place_too_it_must_be_the_issuer_s_own() -> None:
    issuer = Issuer(signing_key("ES256"))
    del issuer.documents[INSERTED]
    issuer.documents[APPENDED] = {**issuer.metadata, "issuer": "https://as.example"}
    with (
        httpx.Client(transport=httpx.MockTransport(issuer)) as client,
        pytest.raises(DiscoveryFailed, match="another issuer's"),
    ):
        discover_keys(client, ISSUER, lambda: 0.0)


def test_an_issuer_without_metadata_is_named_with_both_places_that_were_tried() -> None:
    issuer = Issuer(signing_key("ES256"))
    del issuer.documents[INSERTED]
    with (
        httpx.Client(transport=httpx.MockTransport(issuer)) as client,
        pytest.raises(DiscoveryFailed, match=r"oauth-authorization-server.* 404.*openid-configuration.* 404"),
    ):
        discover_keys(client, ISSUER, lambda: 0.0)


def test_an_issuer_without_metadata_has_its_keys_where_the_setting_says() -> None:
    key = signing_key("ES256")
    issuer = Issuer(key)
    verified(token(key), TokenProfile(), jwks_uri=JWKS_URI, issuer=issuer)
    assert issuer.asked == [JWKS_URI]
