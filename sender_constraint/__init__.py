"""Access tokens bound to their sender (RFC 8705, RFC 9449), for clients, APIs and servers.

    core              rules, errors, events, names, certificate checks
    jose, http, dpop  JWS and JWK, bounded requests, DPoP proofs
    certificates      certificates on disk, enrolment, renewal, revocation status
    client            obtains and presents bound tokens
    resource_server   verifies them
    tls               a TLS front for gunicorn that asks for client certificates
    django            authentication, permission, middleware and checks for Django REST Framework

Each package exports its public names: ``from sender_constraint.client import Caller``.
"""

from sender_constraint.core import (
    Confirmation,
    EventReporter,
    InsufficientScope,
    InvalidDpopProof,
    InvalidRequest,
    InvalidToken,
    LoggingReporter,
    NotRecorded,
    Refusal,
    Rule,
    TemporarilyUnavailable,
    TrustAnchors,
    UseDpopNonce,
    certificate_thumbprint,
    confirmation_of,
    jwk_thumbprint,
)

__all__ = [
    "Confirmation",
    "EventReporter",
    "InsufficientScope",
    "InvalidDpopProof",
    "InvalidRequest",
    "InvalidToken",
    "LoggingReporter",
    "NotRecorded",
    "Refusal",
    "Rule",
    "TemporarilyUnavailable",
    "TrustAnchors",
    "UseDpopNonce",
    "certificate_thumbprint",
    "confirmation_of",
    "jwk_thumbprint",
]
