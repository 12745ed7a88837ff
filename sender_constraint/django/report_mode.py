"""Report mode: on the routes in ``REPORT_ROUTES``, unproven calls are served, reported and counted.

``ReportingTokenAuthentication`` takes the place of ``BoundTokenAuthentication`` meanwhile. Who still comes
without proof, ``manage.py reported`` says; see docs/migrate.md.
"""

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.request import Request

from sender_constraint.core.errors import InvalidDpopProof, InvalidToken, Refusal, UseDpopNonce
from sender_constraint.core.report_mode import REPORTED, is_of_proof, is_of_revocation
from sender_constraint.django import events
from sender_constraint.django.authentication import (
    BoundTokenAuthentication,
    UnboundToken,
    identified_at_will,
)
from sender_constraint.django.conf import library_settings
from sender_constraint.django.peer import peer_of
from sender_constraint.django.protected_resource import protected_resource
from sender_constraint.resource_server.access_token import VerifiedToken
from sender_constraint.resource_server.binding import BoundToken, is_dpop_bound
from sender_constraint.resource_server.binding_certificate import verify_binding_certificate
from sender_constraint.resource_server.presentation import PresentedToken

logger = logging.getLogger(__name__)


class ReportingTokenAuthentication(BoundTokenAuthentication):
    """On the routes in ``REPORT_ROUTES`` a token is accepted without proof of its sender, and that is told.

    ``request.auth`` is an UnboundToken then. Everywhere else nothing differs from BoundTokenAuthentication.
    """

    def sender_of(
        self, token: VerifiedToken, presented: PresentedToken, request: Request
    ) -> BoundToken | UnboundToken:
        """The token, with its proof or with a report. Raises as ``authenticate``."""
        try:
            return super().sender_of(token, presented, request)
        except (InvalidToken, InvalidDpopProof, UseDpopNonce) as refusal:
            if not (_is_reporting(request._request) and is_of_proof(refusal)):
                raise
            if not is_dpop_bound(token.confirmation):
                refuse_revoked(request._request)
            report(request._request, refusal, route=_route_of(request._request))
            return UnboundToken(token)

    def identify(self, presented: PresentedToken, request: Request) -> str | None:
        """As in BoundTokenAuthentication, but that no proof is needed where its lack is reported."""
        try:
            return super().identify(presented, request)
        except (InvalidToken, InvalidDpopProof, UseDpopNonce) as refusal:
            if not (_is_reporting(request._request) and is_of_proof(refusal)):
                raise
            return identified_at_will(request._request)


def report(request: HttpRequest, refusal: Refusal, **where: Any) -> None:
    """Tell what would have been refused: each time as an event, and once in the log of a process."""
    events.recorded(
        request,
        REPORTED,
        rule=refusal.rule.identifier,
        section=refusal.rule.clause,
        refuses=refusal.rule.refuses,
        description=refusal.description,
        detail={**refusal.detail, **where},
    )
    _log_once(getattr(request, "client_id", None), refusal.rule.identifier, tuple(where.values()))


def refuse_revoked(request: HttpRequest) -> None:
    """Revocation refuses as ever, whatever the certificate on the connection is good for.

    Raises InvalidToken or TemporarilyUnavailable.
    """
    certificates = peer_of(request).certificates
    if not certificates:
        return
    api = protected_resource()
    try:
        verify_binding_certificate(
            certificates, api.anchors(), api.status, api.clock(), InvalidToken, accept_foreign=True
        )
    except InvalidToken as refusal:
        if is_of_revocation(refusal):
            raise


def known_routes() -> frozenset[str]:
    """The routes of this service, as ``REPORT_ROUTES`` names them."""
    return frozenset(_routes(get_resolver().url_patterns, ""))


@cache
def _log_once(client_id: str | None, rule: str, where: tuple[Any, ...]) -> None:
    place = " ".join(map(str, where))
    logger.warning("report mode: %s would be refused by %s %s", client_id or "a caller", rule, place)


def _is_reporting(request: HttpRequest) -> bool:
    return _route_of(request) in library_settings().report_routes


def _route_of(request: HttpRequest) -> str:
    return request.resolver_match.route if request.resolver_match else ""


def _routes(patterns: Iterable[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _routes(each.url_patterns, route)
        else:
            yield route
