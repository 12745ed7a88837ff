"""A client that obtains, keeps and presents bound tokens while its certificates rotate."""

from sender_constraint.client.assertions import ClientAssertions
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.dpop import DpopAuth, DpopProofs, NonceBook
from sender_constraint.client.errors import (
    CallFailed,
    MetadataInvalid,
    NoClientKey,
    ServerRefused,
    ServerUnreachable,
    TokenRefused,
    TokenUnusable,
    WaitingForCertificate,
    WaitingForStatus,
)
from sender_constraint.client.key_store import ClientKey, KeyStore
from sender_constraint.client.metadata import ServerMetadata, discover
from sender_constraint.client.observer import Call, CallerObserver
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.signing import SigningKeys
from sender_constraint.client.token_source import AccessToken, TokenRequest, TokenSource
from sender_constraint.client.transport import open_pool

__all__ = [
    "AccessToken",
    "Call",
    "CallFailed",
    "Caller",
    "CallerObserver",
    "CallerSettings",
    "ClientAssertions",
    "ClientKey",
    "DpopAuth",
    "DpopProofs",
    "KeyStore",
    "MetadataInvalid",
    "NoClientKey",
    "NonceBook",
    "Retries",
    "RetryPolicy",
    "ServerMetadata",
    "ServerRefused",
    "ServerUnreachable",
    "SigningKeys",
    "TokenRefused",
    "TokenRequest",
    "TokenSource",
    "TokenUnusable",
    "WaitingForCertificate",
    "WaitingForStatus",
    "discover",
    "open_pool",
]
