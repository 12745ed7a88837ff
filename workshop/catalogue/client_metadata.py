"""What a registered client says of itself, to get more than it is there for or to confuse whoever reads it.

RFC 7591 §2 and §5 (https://www.rfc-editor.org/rfc/rfc7591), RFC 7592 §2.2
(https://www.rfc-editor.org/rfc/rfc7592), RFC 8705 §2. Here the client itself attacks: with its own token, on
its own connection.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from sender_constraint.jose.jwk import jwk_of
from workshop.asserting import new_key
from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.environment.own_clients import PARTNER_SUBJECT
from workshop.loot import Cast, Loot

Update = Callable[[Call, Loot], Call]

KEY = jwk_of(new_key())
OTHER_KEY = jwk_of(new_key())
SELF_SIGNED = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}


def _valid(cast: Cast) -> Call:
    registered = cast.signing.registration_by_key()
    metadata = {**registered.metadata, "client_id": registered.path.rpartition("/")[2]}
    url = f"{cast.targets.issuer}{registered.path}"
    headers = (("Content-Type", "application/json"),)
    return Call(
        "PUT", url, registered.token, cast.partner.credentials, headers, json.dumps(metadata).encode()
    )


FAMILY = Family("client-metadata", "What a client may say of itself", _valid)


def saying(**members: Any) -> Update:
    """The same update with other members, or without them where None."""

    def change(call: Call, _loot: Loot) -> Call:
        said = {**json.loads(call.body or b"{}"), **members}
        present = {name: value for name, value in said.items() if value is not None}
        return call.but(body=json.dumps(present).encode())

    return change


def keys(*jwks: dict[str, Any], **members: Any) -> Update:
    """The same with these keys, and with these other members."""
    return saying(jwks={"keys": list(jwks)}, **members)


def named(**names: str) -> Update:
    """By a name of a certificate, in place of a key."""
    return saying(jwks=None, token_endpoint_auth_method="tls_client_auth", **names)  # noqa: S106 - no secret


def of_another_key(call: Call, loot: Loot) -> Call:
    """A certificate in a JWK of another key: who compares keys, and who compares certificates, differ."""
    der = base64.b64encode(loot.partner_der).decode()
    return keys({**OTHER_KEY, "x5c": [der]}, **SELF_SIGNED)(call, loot)


def adopting(call: Call, loot: Loot) -> Call:
    """A software statement, which is no secret, in the update of who registered without one."""
    return saying(software_statement=loot.signing.statement())(call, loot)


def two_readings(call: Call, _loot: Loot) -> Call:
    """A member twice: each reader takes another one."""
    body = (call.body or b"").replace(b"{", b'{"scope": "accounts", "scope": "payments", ', 1)
    return call.but(body=body)


def as_a_form(call: Call, _loot: Loot) -> Call:
    """JSON that is announced as something that any web page may send."""
    return call.with_header("Content-Type", "text/plain")


def _refused(
    identifier: str, title: str, change: Change, rule: str, error: str = "invalid_client_metadata"
) -> Attack:
    expected = Expected(400, error, rule)
    return Attack(FAMILY, f"metadata-{identifier}", title, change, expected, insider=True)


ATTACKS: tuple[Attack, ...] = (
    _refused("two-readings", "a member twice", two_readings, "registration.document"),
    _refused("as-text", "JSON that is announced as text", as_a_form, "registration-endpoint.media-type"),
    _refused(
        "for-another",
        "the client_id of another client",
        saying(client_id="partner"),
        "registration-endpoint.same-client",
    ),
    _refused(
        "adopts-a-statement",
        "another participant's statement, which it did not register by",
        adopting,
        "statement.same",
        error="invalid_software_statement",
    ),
    _refused(
        "chooses-its-token",
        "a registration access token of its own choice",
        saying(registration_access_token="known-to-all"),  # noqa: S106 - no secret
        "registration-endpoint.answered-members",
    ),
    _refused(
        "changes-its-method",
        "the chain of a certificate, in place of assertions by its key",
        named(tls_client_auth_subject_dn=PARTNER_SUBJECT),
        "registration-endpoint.same-method",
    ),
    _refused(
        "looks-into-others",
        "a client that lets itself introspect others' tokens",
        lambda call, loot: saying(introspects=[loot.resource])(call, loot),
        "registration-endpoint.operators-members",
    ),
    _refused(
        "bearer",
        "tokens that are bound to nothing",
        saying(tls_client_certificate_bound_access_tokens=False, dpop_bound_access_tokens=False),
        "registration.bound-tokens",
    ),
    _refused(
        "two-bindings",
        "two bindings, of which one is never proven",
        saying(tls_client_certificate_bound_access_tokens=True, dpop_bound_access_tokens=True),
        "registration.one-binding",
    ),
    _refused(
        "secret",
        "authentication by a secret",
        saying(token_endpoint_auth_method="client_secret_basic"),  # noqa: S106 - no secret
        "registration.auth-method",
    ),
    _refused(
        "keys-from-anywhere",
        "the address of a server in the bank's network, which this one is to ask for keys",
        saying(jwks=None, jwks_uri="https://localhost:8440/"),
        "registration.keys-by-address",
    ),
    _refused(
        "control-characters",
        "a name with control characters in it",
        saying(client_name="Partner\u0000\u001b[31m"),
        "registration.characters",
    ),
    _refused(
        "long-name", "a name of 1,000 letters", saying(client_name="x" * 1_000), "registration.client-name"
    ),
    _refused(
        "wrong-type", "a list where a text is due", saying(scope=["accounts"]), "registration.member-type"
    ),
    _refused("wider-scope", "a scope that is not offered", saying(scope="admin"), "registration.scope"),
    _refused(
        "password-grant",
        "a grant that is not offered",
        saying(grant_types=["client_credentials", "password"]),
        "registration.grant-types",
    ),
    _refused(
        "response-type",
        "a response type without its grant",
        saying(response_types=["token"]),
        "registration.response-types",
    ),
    _refused(
        "resource-of-nobody",
        "tokens for a resource that this server does not serve",
        saying(resources=["https://thief.example"], default_resource="https://thief.example"),
        "registration.resources",
    ),
    _refused(
        "default-resource",
        "a default resource that is none of its resources",
        saying(default_resource="https://thief.example", resources=["https://other-api.example"]),
        "registration.default-resource",
    ),
    _refused(
        "endless-tokens",
        "tokens that live for ten years",
        saying(access_token_lifetime_seconds=10 * 365 * 86_400),
        "registration.lifetime",
    ),
    _refused(
        "format",
        "tokens of an unknown format",
        saying(access_token_format="saml"),  # noqa: S106 - no secret
        "registration.token-format",
    ),
    _refused("profile", "a profile that nobody enforces", saying(profile="fapi1"), "registration.profile"),
    _refused(
        "nonce-without-proof",
        "nonces in proofs that it never makes",
        saying(dpop_nonce_required=True, dpop_bound_access_tokens=False),
        "registration.dpop-nonce",
    ),
    _refused(
        "two-names",
        "two names, either of which would do",
        named(tls_client_auth_subject_dn=PARTNER_SUBJECT, tls_client_auth_san_dns="thief.example"),
        "registration.one-name",
    ),
    _refused(
        "subject-of-anybody",
        "a subject that is no distinguished name",
        named(tls_client_auth_subject_dn="*"),
        "registration.subject-dn",
    ),
    _refused("dns-wildcard", "every DNS name", named(tls_client_auth_san_dns="*"), "registration.san-dns"),
    _refused(
        "uri-relative", "a URI without scheme", named(tls_client_auth_san_uri="//x"), "registration.san-uri"
    ),
    _refused(
        "ip-network",
        "a network of addresses",
        named(tls_client_auth_san_ip="0.0.0.0/0"),
        "registration.san-ip",
    ),
    _refused(
        "email-host",
        "every mailbox of a host",
        named(tls_client_auth_san_email="@thief.example"),
        "registration.san-email",
    ),
    _refused(
        "names-beside-keys",
        "a name beside keys",
        saying(tls_client_auth_subject_dn=PARTNER_SUBJECT),
        "registration.names-for-method",
    ),
    _refused(
        "no-keys", "assertions by keys that nobody knows", saying(jwks=None), "registration.keys-needed"
    ),
    _refused("empty-set", "a set without keys", keys(), "registration.key-set"),
    _refused(
        "private-key",
        "a private key, for all who read the register",
        keys({**KEY, "d": "AA"}),
        "registration.public-keys",
    ),
    _refused(
        "two-sources",
        "keys, and an address of others",
        keys(KEY, jwks_uri="https://thief.example/jwks"),
        "registration.keys-once",
    ),
    _refused(
        "useless-key",
        "assertions by a key that is for encryption",
        keys({**KEY, "use": "enc"}),
        "registration.usable-keys",
    ),
    _refused(
        "weak-algorithm",
        "assertions by an algorithm whose key everybody has",
        keys(KEY, token_endpoint_auth_signing_alg="HS256"),  # noqa: S106 - no secret
        "registration.signing-alg",
    ),
    _refused(
        "algorithm-without-assertion",
        "an algorithm for assertions that it never makes",
        named(tls_client_auth_subject_dn=PARTNER_SUBJECT, token_endpoint_auth_signing_alg="ES256"),  # noqa: S106
        "registration.signing-alg-for-method",
    ),
    _refused(
        "bare-key",
        "a key in place of a certificate",
        keys(KEY, **SELF_SIGNED),
        "registration.certificate-needed",
    ),
    _refused(
        "certificate-form",
        "something else in place of a certificate",
        keys({**KEY, "x5c": ["-----BEGIN CERTIFICATE-----"]}, **SELF_SIGNED),
        "registration.certificate-form",
    ),
    _refused(
        "certificate-of-another-key",
        "a certificate in a key of another",
        of_another_key,
        "registration.certificate-key",
    ),
)
