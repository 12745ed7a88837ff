"""RFC 7591 §2 and §3, RFC 8705 §2.1.2 and §3.4: the registration of clients."""

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from authserver.clients.models import Client, find_client
from authserver.clients.registration import (
    RegistrationPolicy,
    client_information,
    read_metadata,
    register,
)
from authserver.clients.seeds import seed_clients
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.caller import OTHER_RESOURCE, RESOURCE, Verdict

POLICY = RegistrationPolicy(("accounts", "payments"), (RESOURCE, OTHER_RESOURCE), demo=False)
PUBLIC_KEY = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "1"}
VALID: dict[str, Any] = {
    "client_name": "Partner Ltd",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": "CN=partner,O=Partner Ltd,C=GB",
    "tls_client_certificate_bound_access_tokens": True,
    "grant_types": ["client_credentials"],
    "response_types": [],
    "scope": "accounts payments",
    "jwks": {"keys": [PUBLIC_KEY]},
    "resources": [RESOURCE, OTHER_RESOURCE],
    "default_resource": OTHER_RESOURCE,
    "access_token_lifetime_seconds": 60,
}


def but(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**VALID, **changes}.items() if value is not None}


@pytest.mark.clause("RFC 7591 §3.2.1")
@pytest.mark.django_db
def test_the_command_prints_the_client_information(tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(VALID))
    out = io.StringIO()
    call_command("register_client", str(file), stdout=out)
    information = json.loads(out.getvalue())
    assert information.pop("client_id_issued_at") > 1_700_000_000
    client_id = information.pop("client_id")
    assert len(client_id) >= 20
    assert information == VALID
    client = find_client(client_id)
    assert client is not None
    assert client.jwks == VALID["jwks"]
    assert client.default_resource == OTHER_RESOURCE


@pytest.mark.django_db
def test_the_command_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = json.dumps(but(client_id="from-stdin")).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(metadata)))
    out = io.StringIO()
    call_command("register_client", "-", stdout=out)
    assert json.loads(out.getvalue())["client_id"] == "from-stdin"


@pytest.mark.django_db
def test_the_command_says_by_name_what_is_wrong_and_registers_nothing(tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(but(tls_client_auth_san_dns="partner.example")))
    with pytest.raises(
        CommandError, match=r"invalid_client_metadata: .*tls_client_auth_subject_dn and .*_san_dns"
    ):
        call_command("register_client", str(file))
    assert not Client.objects.exists()


@pytest.mark.django_db
def test_each_registration_is_in_the_trail_and_no_key_with_it(tmp_path: Path, verdict: Verdict) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(but(client_id="acme")))
    bad.write_text(json.dumps(but(tls_client_auth_san_dns="partner.example")))
    call_command("register_client", str(good), stdout=io.StringIO())
    with pytest.raises(CommandError):
        call_command("register_client", str(bad))
    accepted, refused = verdict.trail.events()
    assert (accepted["event"], accepted["outcome"]) == ("operator.register_client", "accepted")
    assert accepted["client_id"] == accepted["detail"]["client_id"] == "acme"
    assert "jwks" not in accepted["detail"]
    assert (refused["outcome"], refused["rule"]) == ("refused", "registration.one-name")


@pytest.mark.django_db
def test_an_identifier_is_given_once(tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(but(client_id="partner")))
    call_command("register_client", str(file), stdout=io.StringIO())
    with pytest.raises(CommandError, match="client_id partner is taken"):
        call_command("register_client", str(file))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"/no/such/file"):
        call_command("register_client", "/no/such/file")


@pytest.mark.clause("RFC 7591 §3.2.1")
def test_what_is_omitted_is_substituted_and_tokens_are_bound() -> None:
    client = register(
        {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_uri": "urn:example:partner"},
        POLICY,
    )
    assert client.tls_client_certificate_bound_access_tokens is True
    assert client.grant_types == ("client_credentials",)
    assert client.scope == "accounts payments"
    assert (client.resources, client.default_resource) == ((RESOURCE,), RESOURCE)
    assert client.access_token_lifetime_seconds is None


@pytest.mark.clause("RFC 7591 §2")
def test_metadata_that_is_not_understood_is_ignored() -> None:
    assert register(but(logo_uri="https://partner.example/logo.png", colour="blue"), POLICY)


@pytest.mark.parametrize(
    "name",
    [
        {"tls_client_auth_subject_dn": "CN=partner,O=Partner Ltd,C=GB"},
        {"tls_client_auth_san_dns": "partner.example"},
        {"tls_client_auth_san_uri": "urn:example:partner"},
        {"tls_client_auth_san_ip": "192.0.2.1"},
        {"tls_client_auth_san_ip": "2001:db8::1"},
        {"tls_client_auth_san_ip": "2001:DB8:0:0:0:0:0:1"},
        {"tls_client_auth_san_ip": "::ffff:192.0.2.1"},
        {"tls_client_auth_san_email": "Treasury.Calls+1@partner.example"},
        {"tls_client_auth_san_email": '"treasury desk"@partner.example'},
        {"tls_client_auth_san_email": "treasury@xn--bcher-kva.example"},
    ],
)
def test_each_form_of_name_is_registered_alone(name: dict[str, str]) -> None:
    client = register(but(**{"tls_client_auth_subject_dn": None, **name}), POLICY)
    ((member, value),) = name.items()
    assert getattr(client, member) == value


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"token_endpoint_auth_method": None}, "registration.auth-method"),
    ({"token_endpoint_auth_method": "client_secret_basic"}, "registration.auth-method"),
    ({"token_endpoint_auth_method": "none"}, "registration.auth-method"),
    ({"token_endpoint_auth_method": "client_secret_jwt"}, "registration.auth-method"),
    ({"token_endpoint_auth_method": "self_signed_tls_client_auth"}, "registration.names-for-method"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "registration.names-for-method"),
    ({"token_endpoint_auth_signing_alg": "RS256"}, "registration.signing-alg"),
    ({"token_endpoint_auth_signing_alg": "ES256"}, "registration.signing-alg-for-method"),
    ({"token_endpoint_auth_method": 1}, "registration.member-type"),
    ({"tls_client_auth_subject_dn": None}, "registration.one-name"),
    ({"tls_client_auth_san_dns": "partner.example"}, "registration.one-name"),
    ({"tls_client_auth_san_uri": "urn:example:partner"}, "registration.one-name"),
    ({"tls_client_auth_san_ip": "192.0.2.1"}, "registration.one-name"),
    ({"tls_client_auth_san_email": "a@partner.example"}, "registration.one-name"),
    ({"tls_client_auth_subject_dn": ""}, "registration.subject-dn"),
    ({"tls_client_auth_subject_dn": "partner"}, "registration.subject-dn"),
    ({"tls_client_auth_subject_dn": "CN=partner,,C=GB"}, "registration.subject-dn"),
    ({"tls_client_auth_subject_dn": "/C=GB/CN=partner"}, "registration.subject-dn"),
    ({"grant_types": []}, "registration.grant-types"),
    ({"grant_types": ["authorization_code"]}, "registration.grant-types"),
    ({"grant_types": ["client_credentials", "password"]}, "registration.grant-types"),
    ({"grant_types": "client_credentials"}, "registration.member-type"),
    ({"grant_types": [1]}, "registration.member-type"),
    ({"response_types": ["code"]}, "registration.response-types"),
    ({"scope": "admin"}, "registration.scope"),
    ({"scope": ""}, "registration.scope"),
    ({"scope": "accounts  payments"}, "registration.scope"),
    ({"scope": ["accounts"]}, "registration.member-type"),
    ({"jwks_uri": "https://partner.example/jwks"}, "registration.keys-once"),
    ({"jwks": None, "jwks_uri": "https://partner.example/jwks"}, "registration.keys-by-address"),
    ({"jwks": None, "jwks_uri": "http://partner.example/jwks"}, "registration.keys-by-address"),
    ({"jwks": None, "jwks_uri": "https://a@partner.example/jwks"}, "registration.keys-by-address"),
    ({"jwks": None, "jwks_uri": "https://[partner/jwks"}, "registration.keys-by-address"),
    ({"jwks": None, "jwks_uri": "https://partner.example/jwks#x"}, "registration.keys-by-address"),
    ({"jwks": []}, "registration.member-type"),
    ({"jwks": {}}, "registration.key-set"),
    ({"jwks": {"keys": []}}, "registration.key-set"),
    ({"jwks": {"keys": ["key"]}}, "registration.key-set"),
    ({"jwks": {"keys": [{"crv": "P-256"}]}}, "registration.key-set"),
    ({"jwks": {"keys": [PUBLIC_KEY] * 21}}, "registration.key-set"),
    ({"jwks": {"keys": [{**PUBLIC_KEY, "d": "x"}]}}, "registration.public-keys"),
    ({"jwks": {"keys": [{"kty": "oct", "k": "x"}]}}, "registration.public-keys"),
    ({"jwks": {"keys": [{"kty": "oct"}]}}, "registration.public-keys"),
    ({"resources": []}, "registration.resources"),
    ({"resources": ["https://unknown.example"]}, "registration.resources"),
    ({"resources": [f"{RESOURCE}/"]}, "registration.resources"),
    ({"resources": [RESOURCE]}, "registration.default-resource"),
    ({"default_resource": "https://unknown.example"}, "registration.default-resource"),
    ({"access_token_lifetime_seconds": 0}, "registration.lifetime"),
    ({"access_token_lifetime_seconds": -1}, "registration.lifetime"),
    ({"access_token_lifetime_seconds": 86_401}, "registration.lifetime"),
    ({"access_token_lifetime_seconds": 1.5}, "registration.member-type"),
    ({"access_token_lifetime_seconds": True}, "registration.member-type"),
    ({"access_token_lifetime_seconds": "60"}, "registration.member-type"),
    ({"tls_client_certificate_bound_access_tokens": False}, "registration.bound-tokens"),
    ({"tls_client_certificate_bound_access_tokens": "true"}, "registration.member-type"),
    ({"dpop_bound_access_tokens": True}, "registration.one-binding"),
    ({"dpop_bound_access_tokens": "true"}, "registration.member-type"),
    ({"dpop_nonce_required": True}, "registration.dpop-nonce"),
    ({"access_token_format": "saml"}, "registration.token-format"),
    ({"access_token_format": ""}, "registration.token-format"),
    ({"profile": "fapi1"}, "registration.profile"),
    ({"introspects": ["https://unknown.example"]}, "registration.introspects"),
    ({"assertion_audience_token_endpoint": True}, "registration.assertion-audience"),
    ({"assertion_audience_token_endpoint": "true"}, "registration.member-type"),
    ({"client_id": ""}, "registration.client-id"),
    ({"client_id": "a b"}, "registration.client-id"),
    ({"client_id": "é"}, "registration.client-id"),
    ({"client_id": "x" * 129}, "registration.client-id"),
    ({"client_name": "x" * 201}, "registration.client-name"),
    ({"client_name": "a\x00b"}, "registration.characters"),
    ({"jwks": {"keys": [{**PUBLIC_KEY, "kid": "\x00"}]}}, "registration.characters"),
]


WRONG += [
    ({"tls_client_auth_subject_dn": None, "tls_client_auth_san_ip": text}, "registration.san-ip")
    for text in (
        "",
        "partner.example",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.01",
        " 192.0.2.1",
        "192.0.2.0/24",
        "192.0.2.1:443",
        "[2001:db8::1]",
        "2001:db8::1::2",
        "fe80::1%eth0",
        "١٩٢.0.2.1",
        "3221225985",
    )
]
WRONG += [
    ({"tls_client_auth_subject_dn": None, "tls_client_auth_san_email": text}, "registration.san-email")
    for text in (
        "",
        "partner",
        "@partner.example",
        "treasury@",
        "treasury@@partner.example",
        "Treasury <treasury@partner.example>",
        "mailto:treasury@partner.example ",
        "treasury.@partner.example",
        "treasury@partner..example",
        "treasury@-partner.example",
        "treasury@[192.0.2.1]",
        "bücher@partner.example",
        "treasury@bücher.example",
        f"{'x' * 65}@partner.example",
        f"treasury@{'x' * 64}.example",
        f"x@{'.'.join(['x' * 60] * 5)}",
    )
]


@pytest.mark.clause("RFC 7591 §3.2.2")
@pytest.mark.parametrize(("change", "rule"), WRONG, ids=lambda value: str(value)[:60])
def test_metadata_that_is_wrong_in_one_thing_is_refused_by_name(change: dict[str, Any], rule: str) -> None:
    assert register(VALID, POLICY)
    with pytest.raises(InvalidClientMetadata) as refused:
        register(but(**change), POLICY)
    assert refused.value.rule.identifier == rule
    if rule not in ("registration.characters", "registration.one-name"):
        assert any(name in refused.value.description for name in change)


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize(
    "name",
    [
        "",
        "*.example",
        "partner..example",
        ".example",
        "partner.example.",
        "-a.example",
        "192.0.2.1",
        "é.example",
        "a b",
    ],
)
def test_what_is_no_dns_name_is_refused(name: str) -> None:
    assert register(but(tls_client_auth_subject_dn=None, tls_client_auth_san_dns="partner.example"), POLICY)
    with pytest.raises(InvalidClientMetadata) as refused:
        register(but(tls_client_auth_subject_dn=None, tls_client_auth_san_dns=name), POLICY)
    assert refused.value.rule.identifier == "registration.san-dns"


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize(
    "uri", ["", "partner", "urn:", "//partner.example", "https://é.example", "urn:a#b", "urn:a%zz"]
)
def test_what_is_no_absolute_uri_is_refused(uri: str) -> None:
    assert register(but(tls_client_auth_subject_dn=None, tls_client_auth_san_uri="urn:a:b"), POLICY)
    with pytest.raises(InvalidClientMetadata) as refused:
        register(but(tls_client_auth_subject_dn=None, tls_client_auth_san_uri=uri), POLICY)
    assert refused.value.rule.identifier == "registration.san-uri"


@pytest.mark.clause("RFC 8705 §3.4")
def test_unbound_tokens_are_registered_under_demo_only() -> None:
    unbound = but(tls_client_certificate_bound_access_tokens=False)
    demo = RegistrationPolicy(POLICY.scopes, POLICY.resources, demo=True)
    assert register(unbound, demo).tls_client_certificate_bound_access_tokens is False
    with pytest.raises(InvalidClientMetadata):
        register(unbound, POLICY)


@pytest.mark.clause("RFC 7591 §3.1")
@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b"[" * 100_000,
        b'"' + b"x" * 70_000 + b'"',
    ],
    ids=lambda document: repr(document[:12]),
)
def test_a_document_that_is_no_metadata_is_refused(document: bytes) -> None:
    assert read_metadata(json.dumps(VALID).encode()) == VALID
    with pytest.raises(InvalidClientMetadata) as refused:
        read_metadata(document)
    assert refused.value.rule.identifier == "registration.document"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(name=st.sampled_from(sorted(VALID)), value=_JSON)
def test_a_member_of_any_value_is_registered_or_refused(name: str, value: Any) -> None:
    with contextlib.suppress(InvalidClientMetadata):
        register({**VALID, name: value}, POLICY)


def test_the_demos_clients_have_valid_metadata() -> None:
    policy = RegistrationPolicy(POLICY.scopes, POLICY.resources, demo=True)
    clients = {
        client.client_id: client
        for client in (register(each, policy) for each in seed_clients(POLICY.resources))
    }
    assert set(clients) == {"partner", "partner-bearer", "short-lived", "other-partner", "bank-api"}
    assert [
        name for name, client in clients.items() if not client.tls_client_certificate_bound_access_tokens
    ] == ["partner-bearer"]
    assert clients["short-lived"].access_token_lifetime_seconds == 2
    assert (clients["bank-api"].grant_types, clients["bank-api"].introspects) == ((), (POLICY.resources[0],))


@pytest.mark.clause("RFC 7591 §2")
def test_only_an_api_that_introspects_may_be_without_any_grant() -> None:
    api = {**VALID, "grant_types": [], "introspects": [POLICY.resources[0]]}
    assert register(api, POLICY).grant_types == ()
    with pytest.raises(InvalidClientMetadata) as refused:
        register({**VALID, "grant_types": []}, POLICY)
    assert refused.value.rule.identifier == "registration.grant-types"


@pytest.mark.django_db
def test_prepare_seeds_under_demo_only_and_is_repeatable(settings: Any) -> None:
    settings.DEMO = False
    call_command("prepare", stdout=io.StringIO())
    assert not Client.objects.exists()
    settings.DEMO = True
    for _ in range(2):
        call_command("prepare", stdout=io.StringIO())
    assert Client.objects.count() == len(seed_clients(POLICY.resources))


@pytest.mark.django_db
def test_prepare_registers_what_was_handed_in_for_the_demo(settings: Any, tmp_path: Path) -> None:
    settings.DEMO, settings.DEMO_REGISTRATIONS = True, tmp_path
    (tmp_path / "acme.json").write_text(json.dumps(but(client_id="acme")))
    call_command("prepare", stdout=io.StringIO())
    assert find_client("acme") is not None


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.django_db
def test_under_fapi2_the_demo_has_no_client_whose_tokens_are_bound_to_nothing(settings: Any) -> None:
    settings.DEMO = True
    call_command("prepare", stdout=io.StringIO())
    assert find_client("partner-bearer") is not None
    settings.PROFILE = "fapi2"
    call_command("prepare", stdout=io.StringIO())
    assert find_client("partner") is not None
    assert find_client("partner-bearer") is None


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
def test_a_client_held_to_fapi2_addresses_no_assertion_to_the_token_endpoint() -> None:
    key = jwk_of(ec.generate_private_key(ec.SECP256R1()))
    signing = but(
        token_endpoint_auth_method="private_key_jwt",
        tls_client_auth_subject_dn=None,
        jwks={"keys": [key]},
        assertion_audience_token_endpoint=True,
    )
    client = register(signing, POLICY)
    assert client.assertion_audience_token_endpoint
    assert client_information(client, datetime.now(UTC))["assertion_audience_token_endpoint"] is True
    with pytest.raises(InvalidClientMetadata, match="assertion_audience_token_endpoint") as refused:
        register({**signing, "profile": "fapi2"}, POLICY)
    assert refused.value.rule.identifier == "registration.assertion-audience"
    held = register({**signing, "profile": "fapi2", "assertion_audience_token_endpoint": False}, POLICY)
    assert not held.assertion_audience_token_endpoint
