"""An API: it verifies access tokens, and that their sender is their owner."""

from typing import TYPE_CHECKING, Any

from sender_constraint.resource_server.access_token import AccessTokenVerifier, VerifiedToken
from sender_constraint.resource_server.binding import BoundToken, bound_by_proof, check_binding, check_scheme
from sender_constraint.resource_server.binding_certificate import verify_binding_certificate
from sender_constraint.resource_server.challenges import challenge
from sender_constraint.resource_server.introspection import IntrospectedTokens, Introspector
from sender_constraint.resource_server.introspection_limits import IntrospectionLimits
from sender_constraint.resource_server.issuer_keys import IssuerKeys, KeysUnavailable
from sender_constraint.resource_server.presentation import (
    NoCredentials,
    PresentedToken,
    Scheme,
    presented_token,
)
from sender_constraint.resource_server.status_list import StatusLists
from sender_constraint.resource_server.token_profile import TokenProfile

if TYPE_CHECKING:
    from sender_constraint.resource_server.replay_memory import RedisReplayMemory

__all__ = [
    "AccessTokenVerifier",
    "BoundToken",
    "IntrospectedTokens",
    "IntrospectionLimits",
    "Introspector",
    "IssuerKeys",
    "KeysUnavailable",
    "NoCredentials",
    "PresentedToken",
    "RedisReplayMemory",
    "Scheme",
    "StatusLists",
    "TokenProfile",
    "VerifiedToken",
    "bound_by_proof",
    "challenge",
    "check_binding",
    "check_scheme",
    "presented_token",
    "verify_binding_certificate",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import RedisReplayMemory when it is needed: its package is not always installed."""
        if name != "RedisReplayMemory":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from sender_constraint.resource_server.replay_memory import RedisReplayMemory

        return RedisReplayMemory
