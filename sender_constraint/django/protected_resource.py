"""The protected resource of this process, as its settings describe it.

ISSUER                         the authorization server whose tokens count
ISSUER_ALGORITHMS              with which it signs: ES256, PS256, EdDSA; RS256 where it knows no other
ISSUER_JWKS_URI                where its keys are, if it publishes no metadata; otherwise empty
ACCESS_TOKEN_TYPES             the header ``typ`` of its tokens; ``JWT`` where it is not RFC 9068's
CLIENT_ID_CLAIM, SCOPE_CLAIM   where its tokens name the client and the scopes
RESOURCE                       this API's identifier: audience of its tokens (RFC 8707) and realm
TRUST_BUNDLE                   PEM file of the scheme's authorities; nothing else is trusted
ACCEPT_FOREIGN_CERTIFICATES    whether certificates of other issuers may bind: not, all, or self-signed
INTROSPECTION_CLIENT_ID        as which client this API asks the issuer about opaque tokens, by the
                               certificate in its store ``client``; empty: it takes none
INTROSPECTIONS_PER_CERTIFICATE, INTROSPECTIONS_WITHOUT_CERTIFICATE
                               how many unknown opaque tokens a minute it asks about, in each worker: for one
                               certificate of the scheme, and for all other callers together

and those of ``status``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from operations.certificates.stores import declared_stores
from sender_constraint.certificates.tls import client_context
from sender_constraint.core.clock import utc_now
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.revocation import StatusSource
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.trust_anchors import TrustAnchors
from sender_constraint.django.own_connections import OwnConnections
from sender_constraint.django.servers import server_status
from sender_constraint.django.status import certificate_status
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
    return TokenProfile(
        types=tuple(settings.ACCESS_TOKEN_TYPES),
        algorithms=tuple(settings.ISSUER_ALGORITHMS),
        client_id_claim=settings.CLIENT_ID_CLAIM,
        scope_claim=settings.SCOPE_CLAIM,
    )


@lru_cache(maxsize=1)
def _trusting(_anchors: TrustAnchors) -> ProtectedResource:
    """Made when it is first needed, and anew with the trust bundle: the issuer is trusted by it too."""
    context = client_context(settings.TRUST_BUNDLE, servers=server_status())
    client = client_with_deadlines(context)
    profile = token_profile()
    keys = IssuerKeys(
        settings.ISSUER, client, algorithms=profile.algorithms, jwks_uri=settings.ISSUER_JWKS_URI
    )
    verifier = AccessTokenVerifier(settings.ISSUER, settings.RESOURCE, keys, utc_now, profile=profile)
    statuses = StatusLists(
        settings.ISSUER,
        keys,
        client,
        settings.REVOCATION_SECONDS,
        utc_now,
        algorithms=profile.algorithms,
    )
    return ProtectedResource(
        verifier,
        trust_anchors,
        certificate_status(),
        utc_now,
        settings.ACCEPT_FOREIGN_CERTIFICATES,
        statuses,
        _opaque_tokens(verifier),
    )


def _opaque_tokens(verifier: AccessTokenVerifier) -> IntrospectedTokens | None:
    """Those of the issuer, if it knows this API as a client."""
    if not settings.INTROSPECTION_CLIENT_ID:
        return None
    store = declared_stores()["client"].store
    connections = OwnConnections(store, settings.TRUST_BUNDLE, server_status())
    introspector = Introspector(settings.ISSUER, settings.INTROSPECTION_CLIENT_ID, connections.client)
    limits = IntrospectionLimits(
        settings.INTROSPECTIONS_PER_CERTIFICATE, settings.INTROSPECTIONS_WITHOUT_CERTIFICATE
    )
    return IntrospectedTokens(introspector, verifier, settings.REVOCATION_SECONDS, limits=limits)
