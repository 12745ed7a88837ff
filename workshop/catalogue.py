"""The attack catalogue: what a thief changes in a valid call, and what must come of it.

One catalogue serves the demo, the tests and whatever else plays attacks. What is expected stands here
and nowhere else; the code that plays an attack does not know it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from workshop import changes
from workshop.changes import Call, Loot


@dataclass(frozen=True)
class Expected:
    """What must come of an attack.

    status: HTTP status; None where TLS itself ends the connection.
    error: the code in the answer, or TLS's alert.
    rule: the identifier of the rule that the audit trail must name.
    also: audit events that must stand beside the refusal.
    """

    status: int | None
    error: str
    rule: str
    also: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attack:
    """One attempt: the valid call, with one thing changed.

    identifier: stable, for reports and tests.
    label: as the story counts them, ``4a``.
    title: what the thief does, for people.
    change: makes the thief's call out of the valid one.
    """

    identifier: str
    label: str
    title: str
    change: Callable[[Call, Loot], Call]
    expected: Expected


NO_CERTIFICATE = Expected(401, "invalid_token", "binding.certificate-missing")
HEADER_IGNORED = Expected(
    401,
    "invalid_token",
    "binding.certificate-missing",
    also=frozenset({"peer.certificate_header_ignored"}),
)
ENDED_BY_TLS = Expected(None, "decrypt_error", "tls.possession")

ATTACKS: tuple[Attack, ...] = (
    Attack(
        "no-certificate",
        "4a",
        "the token, and no certificate",
        changes.no_certificate,
        NO_CERTIFICATE,
    ),
    Attack(
        "own-certificate",
        "4b",
        "the token, and the thief's own valid certificate from the same CA",
        changes.own_certificate,
        Expected(401, "invalid_token", "binding.certificate"),
    ),
    Attack(
        "self-made-certificate",
        "4c",
        "the token, and a self-made certificate that carries the partner's subject",
        changes.self_made_certificate,
        Expected(401, "invalid_token", "certificate.chain"),
    ),
    Attack(
        "header-client-cert",
        "4d1",
        "the partner's certificate in a Client-Cert header",
        changes.certificate_in_client_cert,
        HEADER_IGNORED,
    ),
    Attack(
        "header-x-ssl-client-cert",
        "4d2",
        "the partner's certificate in an X-SSL-Client-Cert header",
        changes.certificate_in_x_ssl_client_cert,
        HEADER_IGNORED,
    ),
    Attack(
        "header-x-client-cert",
        "4d3",
        "the partner's certificate in an X-Client-Cert header",
        changes.certificate_in_x_client_cert,
        HEADER_IGNORED,
    ),
    Attack(
        "header-x-forwarded-client-cert",
        "4d4",
        "the partner's certificate in an X-Forwarded-Client-Cert header",
        changes.certificate_in_x_forwarded_client_cert,
        HEADER_IGNORED,
    ),
    Attack(
        "query-string",
        "4e",
        "the token in the query string",
        changes.token_in_query,
        Expected(400, "invalid_request", "presentation.query"),
    ),
    Attack(
        "confirmation-changed",
        "4f",
        "cnf changed to the thief's certificate",
        changes.confirmation_changed,
        Expected(401, "invalid_token", "token.signature"),
    ),
    Attack(
        "alg-none",
        "4g",
        "alg: none, and no signature",
        changes.algorithm_none,
        Expected(401, "invalid_token", "token.unsigned"),
    ),
    Attack(
        "alg-hs256",
        "4h",
        "re-signed with HS256 and the issuer's public key as the secret",
        changes.algorithm_hs256,
        Expected(401, "invalid_token", "token.algorithm"),
    ),
    Attack(
        "expired",
        "4i",
        "a token that has expired",
        changes.expired,
        Expected(401, "invalid_token", "token.expired"),
    ),
    Attack(
        "other-audience",
        "4j",
        "a token for another resource",
        changes.other_audience,
        Expected(401, "invalid_token", "token.audience"),
    ),
    Attack(
        "mismatched-key-tls-1.3",
        "4k1",
        "the partner's certificate in the handshake, with a key of the thief's (TLS 1.3)",
        changes.mismatched_key_tls_1_3,
        ENDED_BY_TLS,
    ),
    Attack(
        "mismatched-key-tls-1.2",
        "4k2",
        "the partner's certificate in the handshake, with a key of the thief's (TLS 1.2)",
        changes.mismatched_key_tls_1_2,
        ENDED_BY_TLS,
    ),
)
