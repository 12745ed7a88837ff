"""Requests to the token endpoint by a client that is registered, and wants more than it may have.

RFC 6749 §3.3 and §5.2 (https://www.rfc-editor.org/rfc/rfc6749), RFC 8707 §2
(https://www.rfc-editor.org/rfc/rfc8707).
"""

from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.catalogue.token_requests import form, token_request
from workshop.loot import Loot

REGISTERED = Family(
    "token-client",
    "A registered client wants more than it may have",
    lambda cast: token_request(cast, cast.other),
)

OTHER_API = "https://other-api.example"


def two_resources(loot: Loot) -> list[str]:
    """One token, two audiences."""
    return [loot.resource, OTHER_API]


def _attack(identifier: str, title: str, change: Change, error: str, rule: str) -> Attack:
    return Attack(REGISTERED, identifier, title, change, Expected(400, error, rule))


ATTACKS: tuple[Attack, ...] = (
    _attack(
        "scope-unknown",
        "a scope that nobody has",
        form(scope="accounts admin"),
        "invalid_scope",
        "scope.allowed",
    ),
    _attack(
        "scope-malformed",
        "a scope with a quotation mark",
        form(scope='accounts"'),
        "invalid_scope",
        "scope.syntax",
    ),
    _attack(
        "resource-unknown",
        "a token for an API of somebody else",
        form(resource="https://thief.example"),
        "invalid_target",
        "resource.allowed",
    ),
    _attack(
        "resource-with-fragment",
        "a resource that compares as another one",
        lambda call, loot: call.with_form(resource=f"{loot.resource}#accounts"),
        "invalid_target",
        "resource.syntax",
    ),
    _attack(
        "two-resources",
        "one token for two APIs, so that one of them can use it at the other",
        lambda call, loot: call.with_form(resource=two_resources(loot)),
        "invalid_target",
        "resource.one",
    ),
    _attack(
        "grant-unknown",
        "the grant of passwords",
        form(grant_type="password", username="partner", password="guess"),  # noqa: S106 - no secret
        "unsupported_grant_type",
        "grant.supported",
    ),
)
