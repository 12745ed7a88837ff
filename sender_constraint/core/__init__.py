"""Rules, errors, events, names and certificate checks. It reads no file and opens no connection."""

from sender_constraint.core.certificate_checks import VerifiedCertificate, verify_client_certificate
from sender_constraint.core.confirmation import (
    Confirmation,
    certificate_confirmation,
    confirmation_of,
    key_confirmation,
)
from sender_constraint.core.correlation import CORRELATION_HEADER, accepted_correlation_id, new_correlation_id
from sender_constraint.core.errors import (
    InsufficientScope,
    InvalidClient,
    InvalidClientMetadata,
    InvalidDpopProof,
    InvalidRequest,
    InvalidScope,
    InvalidSoftwareStatement,
    InvalidTarget,
    InvalidToken,
    Refusal,
    TemporarilyUnavailable,
    TooManyRequests,
    UnapprovedSoftwareStatement,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedTokenType,
    UseDpopNonce,
)
from sender_constraint.core.events import AlarmReporter, EventReporter, Level, LoggingReporter, NotRecorded
from sender_constraint.core.issuers import metadata_urls
from sender_constraint.core.names import (
    DistinguishedName,
    distinguished_name,
    parse_distinguished_name,
    same_dns_name,
)
from sender_constraint.core.replay import OneTimeUse, ReplayMemory, ReplayMemoryUnavailable, Use, replay_key
from sender_constraint.core.resources import resource_metadata_url
from sender_constraint.core.revocation import CertificateStatus, State, StatusSource
from sender_constraint.core.rules import Rule, all_rules, enforces, rule
from sender_constraint.core.thumbprints import (
    certificate_thumbprint,
    is_thumbprint,
    jwk_thumbprint,
    same_thumbprint,
)
from sender_constraint.core.trust_anchors import TrustAnchors

__all__ = [
    "CORRELATION_HEADER",
    "AlarmReporter",
    "CertificateStatus",
    "Confirmation",
    "DistinguishedName",
    "EventReporter",
    "InsufficientScope",
    "InvalidClient",
    "InvalidClientMetadata",
    "InvalidDpopProof",
    "InvalidRequest",
    "InvalidScope",
    "InvalidSoftwareStatement",
    "InvalidTarget",
    "InvalidToken",
    "Level",
    "LoggingReporter",
    "NotRecorded",
    "OneTimeUse",
    "Refusal",
    "ReplayMemory",
    "ReplayMemoryUnavailable",
    "Rule",
    "State",
    "StatusSource",
    "TemporarilyUnavailable",
    "TooManyRequests",
    "TrustAnchors",
    "UnapprovedSoftwareStatement",
    "UnauthorizedClient",
    "UnsupportedGrantType",
    "UnsupportedTokenType",
    "Use",
    "UseDpopNonce",
    "VerifiedCertificate",
    "accepted_correlation_id",
    "all_rules",
    "certificate_confirmation",
    "certificate_thumbprint",
    "confirmation_of",
    "distinguished_name",
    "enforces",
    "is_thumbprint",
    "jwk_thumbprint",
    "key_confirmation",
    "metadata_urls",
    "new_correlation_id",
    "parse_distinguished_name",
    "replay_key",
    "resource_metadata_url",
    "rule",
    "same_dns_name",
    "same_thumbprint",
    "verify_client_certificate",
]
