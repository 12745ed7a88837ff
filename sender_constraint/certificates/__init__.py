"""Certificates on disk, enrolment (RFC 7030), renewal, and revocation status (RFC 6960)."""

from sender_constraint.certificates.checked_servers import (
    ServerCertificateRefused,
    ServerNotTrusted,
    ServerStatus,
    StatusNotKnown,
)
from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.certificates.errors import (
    BrokenGeneration,
    CertificatesError,
    IssuanceFailed,
    IssuerRefused,
    IssuerUnreachable,
    NoEnrolmentSecret,
    NoGeneration,
    PlacedUnusable,
    StoreUnwritable,
)
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.issuance import EstIssuer, Issuer
from sender_constraint.certificates.issuer_status import AssumeGood, StatusByIssuer
from sender_constraint.certificates.ocsp_cache import OCSPCache
from sender_constraint.certificates.placed import PlacedFiles, ensure_placed, keep_placed
from sender_constraint.certificates.rotation import (
    Action,
    RenewalOutcome,
    RenewalPolicy,
    ensure_generation,
    renew_if_due,
    wait_for_generation,
)
from sender_constraint.certificates.tls import client_context

__all__ = [
    "Action",
    "AssumeGood",
    "BrokenGeneration",
    "CertificatesError",
    "EstClient",
    "EstIssuer",
    "Generation",
    "GenerationStore",
    "IssuanceFailed",
    "Issuer",
    "IssuerRefused",
    "IssuerUnreachable",
    "NoEnrolmentSecret",
    "NoGeneration",
    "OCSPCache",
    "PlacedFiles",
    "PlacedUnusable",
    "RenewalOutcome",
    "RenewalPolicy",
    "RequestedNames",
    "ServerCertificateRefused",
    "ServerNotTrusted",
    "ServerStatus",
    "StatusByIssuer",
    "StatusNotKnown",
    "StoreUnwritable",
    "client_context",
    "ensure_generation",
    "ensure_placed",
    "keep_placed",
    "renew_if_due",
    "wait_for_generation",
]
