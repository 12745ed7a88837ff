"""What DPoP needs to know of a request, and what it says in the response.

RFC 9449 §4.3, §8 and §9 (https://www.rfc-editor.org/rfc/rfc9449).

The origin of a request is ``PUBLIC_ORIGIN`` in the setting ``SENDER_CONSTRAINT``, never the header ``Host``.
Nonces are made from Django's ``SECRET_KEY`` and the service's name, so that no other service has the same.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from functools import cache
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from sender_constraint.core.errors import UseDpopNonce
from sender_constraint.core.replay import ReplayMemory
from sender_constraint.django.conf import library_settings
from sender_constraint.dpop.nonces import Nonces
from sender_constraint.dpop.proof import VerifiedProof, check_proof, presented_proofs, verify_proof

NONCE_HEADER = "DPoP-Nonce"
# RFC 3986 §3.3: what may stand in a path as it is.
_PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"


def verified_proof(
    request: HttpRequest,
    *,
    now: datetime,
    nonce_required: bool,
    replay: ReplayMemory,
    access_token: str | None = None,
    bound_to: str | None = None,
) -> VerifiedProof:
    """The proof of a request, by ``verify_proof``, which says what is raised.

    Where a nonce is required, the response brings the next one if the proof's is not the current one;
    ``nonce_header`` puts it there.
    """
    nonces = own_nonces()
    try:
        proof = verify_proof(
            presented_proofs(request.headers.get("DPoP")),
            request.method or "",
            request_url(request),
            now=now,
            nonces=nonces,
            nonce_required=nonce_required,
            replay=replay,
            access_token=access_token,
            bound_to=bound_to,
        )
    except UseDpopNonce:
        offer_nonce(request, nonces.current(now, replay.epoch))
        raise
    # From here on events say whose key it is.
    request.key_thumbprint = proof.thumbprint  # type: ignore[attr-defined]  # for audit
    if nonce_required:
        offer_nonce(request, nonces.turned(proof.nonce, now, replay.epoch))
    return proof


def check_proof_of(
    request: HttpRequest, *, now: datetime, nonce_required: bool, replay: ReplayMemory, access_token: str
) -> None:
    """Refuse a request without a proof for it and for this token, before the issuer is asked about the token.

    By ``check_proof``, which says what is raised.
    """
    try:
        key, _ = check_proof(
            presented_proofs(request.headers.get("DPoP")),
            request.method or "",
            request_url(request),
            now=now,
            nonces=own_nonces() if nonce_required else None,
            access_token=access_token,
        )
    except UseDpopNonce:
        offer_nonce(request, own_nonces().current(now, replay.epoch))
        raise
    request.key_thumbprint = key.thumbprint  # type: ignore[attr-defined]  # for audit


def request_url(request: HttpRequest) -> str:
    """The address of a request by the public origin; without its query, which no proof names."""
    return library_settings().public_origin + quote(request.path, safe=_PATH_CHARACTERS)


def offer_nonce(request: HttpRequest, nonce: str | None) -> None:
    """Have the response to this request carry a nonce; None for none."""
    request.dpop_nonce = nonce  # type: ignore[attr-defined]  # for nonce_header


def nonce_header(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the header ``DPoP-Nonce`` where one was offered, in good answers too (RFC 9449 §8.2)."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        nonce: str | None = getattr(request, "dpop_nonce", None)
        if nonce is not None:
            response.headers[NONCE_HEADER] = nonce
        return response

    return handle


def own_nonces() -> Nonces:
    """The nonces of this service: all its processes have the same, and no other service has them."""
    configured = library_settings()
    return _nonces(settings.SECRET_KEY, configured.name, configured.dpop_nonce_seconds)


@cache
def _nonces(secret: str, service: str, seconds: float) -> Nonces:
    key = hmac.new(secret.encode(), f"dpop nonces of {service}".encode(), hashlib.sha256).digest()
    return Nonces(key, seconds)
