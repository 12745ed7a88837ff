"""Records issued tokens, finds them and revokes them: one statement each.

RFC 7009 §2 (https://www.rfc-editor.org/rfc/rfc7009) and RFC 7662 §2 (https://www.rfc-editor.org/rfc/rfc7662)
need it. This module does not decide which client may find or revoke which token.
"""

import base64
import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from authserver.issued_tokens.models import IssuedToken

# APIs may take a token for some seconds after its end, and have to find its status while they do.
KEPT_AFTER_END_SECONDS = 60
# So many at a time: whoever writes meanwhile waits for no longer than that takes.
REMOVED_AT_ONCE = 5000


# RFC 6749 §10.10: a token cannot be guessed.
HANDLE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where the status of a token stands: in which list, and at which index of it."""

    status_list: int
    index: int


def new_handle() -> str:
    """The handle of an opaque token: 256 random bits, base64url, unpadded, 43 characters."""
    return secrets.token_urlsafe(HANDLE_BYTES)


def token_digest(token: str) -> str:
    """The SHA-256 of a token's characters, base64url, unpadded: kept in place of the token, which is not."""
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class IndexTaken(Exception):
    """Another token has this index of the status list."""


def record_issued_token(
    token: str, claims: Mapping[str, Any], place: Place | None, *, keep_claims: bool
) -> None:
    """Record a token, within the caller's transaction. Raises IndexTaken, which has to end that transaction.

    claims: those of the token. keep_claims: for a token that does not carry them. place: in a status list.
    """
    record = IssuedToken(
        jti=claims["jti"],
        token_sha256=token_digest(token),
        client_id=claims["client_id"],
        audience=claims["aud"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        confirmation=next(iter(claims.get("cnf", {}).values()), ""),
        claims=dict(claims) if keep_claims else None,
        status_list=place.status_list if place else None,
        status_index=place.index if place else None,
    )
    try:
        record.save(force_insert=True)
    except IntegrityError as error:
        # The only other unique column is the digest, and digests of 256 random bits do not collide.
        if place is None:
            raise
        raise IndexTaken from error


def find(token: str) -> IssuedToken | None:
    """The record of a token, by its digest; None if it was not issued here, or ended long ago."""
    return IssuedToken.objects.filter(token_sha256=token_digest(token)).first()


def revoke(issued: IssuedToken, now: datetime) -> bool:
    """Revoke a token; False if it was revoked before. now: aware."""
    with transaction.atomic():
        changed = IssuedToken.objects.filter(pk=issued.pk, revoked_at__isnull=True).update(revoked_at=now)
    return bool(changed)


def revoke_all(client_id: str, now: datetime, confirmation: str | None = None) -> int:
    """Revoke the tokens of a client that have not ended. Returns how many.

    confirmation: only those that are bound to the certificate or key with this thumbprint.
    """
    concerned = IssuedToken.objects.filter(client_id=client_id, revoked_at__isnull=True, expires_at__gt=now)
    if confirmation is not None:
        concerned = concerned.filter(confirmation=confirmation)
    with transaction.atomic():
        return concerned.update(revoked_at=now)


def active_token_thumbprints(client_ids: Collection[str], now: datetime) -> dict[str, set[str]]:
    """Thumbprints of the certificates and keys that active tokens of these clients are bound to, by client.

    An active token has neither expired nor been revoked. now: aware.
    """
    active = IssuedToken.objects.filter(client_id__in=client_ids, revoked_at__isnull=True, expires_at__gt=now)
    found: dict[str, set[str]] = {}
    for client_id, thumbprint in (
        active.exclude(confirmation="").values_list("client_id", "confirmation").distinct()
    ):
        found.setdefault(client_id, set()).add(thumbprint)
    return found


def remove_ended(now: datetime) -> int:
    """Forget some of the tokens that ended more than a minute ago. Returns how many."""
    ended = IssuedToken.objects.filter(expires_at__lt=now - timedelta(seconds=KEPT_AFTER_END_SECONDS))
    some = list(ended.values_list("pk", flat=True)[:REMOVED_AT_ONCE])
    if some:
        with transaction.atomic():
            IssuedToken.objects.filter(pk__in=some).delete()
    return len(some)
