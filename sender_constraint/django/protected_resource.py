"""The protected resource of this process, by the setting ``SENDER_CONSTRAINT``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.tls import client_context
from sender_constraint.core.clock import utc_now
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.revocation import StatusSource
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.trust_anchors import TrustAnchors
from sender_constraint.django.conf import LibrarySettings, library_settings
from sender_constraint.django.own_connections import OwnConnections
from sender_constraint.django.status import certificate_status, server_status
from sender_constraint.django.trust import trust_anchors
from sender_constraint.http.deadlines import client_with_deadlines
from sender_constraint.resource_server.access_token import AccessTokenVerifier, VerifiedToken
from sender_constraint.resource_server.binding import BoundToken, check_binding, check_certificate_presented
from sender_constraint.resource_server.binding_certificate import AcceptForeign, verify_binding_certificate
from sender_constraint.resource_server.introspection import (
    Identify,
    IntrospectedTokens,
    Introspector,
    is_opaque,
    unidentified,
)
from sender_constraint.resource_server.introspection_limits import IntrospectionLimits
from sender_constraint.resource_server.issuer_keys import IssuerKeys
from sender_constraint.resource_server.presentation import PresentedToken
from sender_constraint.resource_server.status_list import StatusLists
from sender_constraint.resource_server.token_profile import TokenProfile
from sender_constraint.resource_server.token_status import TokenStatuses, check_token_status

CONFIGURED = rule(
    "token.introspection-configured",
    "RFC 7662 §2",
    "The token is opaque, and introspection is not configured.",
).explained(
    "a signed JWT, since introspection is not configured at this API",
    "an opaque token, which only its issuer can read (RFC 7662)",
    "Send the token exactly as it was issued. If it is opaque, have the issuer issue JWTs for this API, "
    "or configure introspection at the API (INTROSPECTION_CLIENT_ID, and a client certificate).",
)


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """Verifies what callers of one API present.

    anchors: returns the scheme's authorities. status: what they say of their certificates now.
    token_statuses: what the issuer says of its signed tokens now. opaque_tokens: asks it about those that are
    not signed; None where none are taken. clock: returns the aware time.
    """

    verifier: AccessTokenVerifier
    anchors: Callable[[], TrustAnchors]
    status: StatusSource
    clock: Callable[[], datetime]
    accept_foreign: AcceptForeign
    token_statuses: TokenStatuses
    opaque_tokens: IntrospectedTokens | None = None

    def token(self, presented: PresentedToken, identify: Identify = unidentified) -> VerifiedToken:
        """The verified token of a request, not yet its sender's: a JWT, or an opaque one.

        identify: who presents it, is called before the issuer is asked about an opaque one.
        Raises what that raises, InvalidToken, TemporarilyUnavailable or KeysUnavailable.
        """
        if is_opaque(presented.value):
            return introspected(self.opaque_tokens).verify(presented.value, identify)
        token = self.verifier.verify(presented.value)
        check_token_status(token.claims, self.token_statuses)
        return token

    def bound(self, token: VerifiedToken, certificates: Sequence[bytes]) -> BoundToken:
        """The token as its sender's (RFC 8705 §3). certificates: DER, as presented.

        Raises InvalidToken or TemporarilyUnavailable.
        """
        return check_binding(
            token,
            certificates,
            self.anchors(),
            self.status,
            self.clock(),
            accept_foreign=self.accept_foreign,
        )

    def identified(self, certificates: Sequence[bytes]) -> str | None:
        """The thumbprint of a certificate that could bind a token, and that the scheme issued; else None.

        certificates: DER, as presented. Raises InvalidToken for one that could bind none, or for none at all,
        or TemporarilyUnavailable.
        """
        check_certificate_presented(certificates)
        verified = verify_binding_certificate(
            certificates,
            self.anchors(),
            self.status,
            self.clock(),
            InvalidToken,
            accept_foreign=self.accept_foreign,
        )
        return verified.thumbprint if verified.chain else None


@enforces(CONFIGURED)
def introspected(opaque_tokens: IntrospectedTokens | None) -> IntrospectedTokens:
    """What asks the issuer about opaque tokens (RFC 7662 §2). Raises InvalidToken where nothing does."""
    if opaque_tokens is None:
        raise InvalidToken(CONFIGURED, "The access token is opaque, and introspection is not configured here")
    return opaque_tokens


def protected_resource() -> ProtectedResource:
    """The one of this process: the issuer's keys are shared by all requests. Raises NoTrustAnchors."""
    return _trusting(trust_anchors())


def token_profile() -> TokenProfile:
    """What the issuer's tokens look like, by the settings."""
    configured = library_settings()
    return TokenProfile(
        types=tuple(configured.access_token_types),
        algorithms=tuple(configured.issuer_algorithms),
        client_id_claim=configured.client_id_claim,
        scope_claim=configured.scope_claim,
    )


@lru_cache(maxsize=1)
def _trusting(_anchors: TrustAnchors) -> ProtectedResource:
    """Made when it is first needed, and anew with the trust bundle: the issuer is trusted by it too."""
    configured = library_settings()
    context = client_context(configured.trust_bundle, servers=server_status())
    client = client_with_deadlines(context)
    profile = token_profile()
    keys = IssuerKeys(
        configured.issuer, client, algorithms=profile.algorithms, jwks_uri=configured.issuer_jwks_uri
    )
    verifier = AccessTokenVerifier(configured.issuer, configured.resource, keys, utc_now, profile=profile)
    statuses = StatusLists(
        configured.issuer,
        keys,
        client,
        configured.revocation_seconds,
        utc_now,
        algorithms=profile.algorithms,
    )
    return ProtectedResource(
        verifier,
        trust_anchors,
        certificate_status(),
        utc_now,
        configured.accept_foreign_certificates,
        statuses,
        _opaque_tokens(configured, verifier),
    )


def _opaque_tokens(configured: LibrarySettings, verifier: AccessTokenVerifier) -> IntrospectedTokens | None:
    """Those of the issuer, if it knows this API as a client that has a certificate."""
    if not configured.introspection_client_id or configured.client_certificates is None:
        return None
    store = GenerationStore(configured.client_certificates)
    connections = OwnConnections(store, configured.trust_bundle, server_status())
    introspector = Introspector(configured.issuer, configured.introspection_client_id, connections.client)
    limits = IntrospectionLimits(
        configured.introspections_per_certificate, configured.introspections_without_certificate
    )
    return IntrospectedTokens(introspector, verifier, configured.revocation_seconds, limits=limits)
