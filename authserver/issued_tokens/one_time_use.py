"""What may be used once and is valid for longer than a minute: its use is recorded in the database.

RFC 7523 §3 for assertions (https://www.rfc-editor.org/rfc/rfc7523), RFC 7591 §3 for initial access tokens
(https://www.rfc-editor.org/rfc/rfc7591). The primary key decides which of several uses at the same time is
the first, and the record is as durable as what the use led to: a restart of any service loses neither.
"""

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction

from authserver.issued_tokens.models import OneTimeUse

# A clock that is set back by less than this makes nothing usable a second time.
KEPT_AFTER_END_SECONDS = 3600
# Deleted in one transaction: other writers wait for no longer than that takes.
REMOVED_AT_ONCE = 5000


def record_use(key: str, expires_at: float) -> bool:
    """Record a use, within the caller's transaction if there is one; False if it was recorded before.

    key: of ``replay_key``. expires_at: seconds since 1970. Raises OperationalError.
    """
    use = OneTimeUse(key=key, expires_at=datetime.fromtimestamp(expires_at, UTC))
    try:
        with transaction.atomic():
            use.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def is_used(key: str) -> bool:
    """Whether a use is on record; only ``record_use`` decides between several at the same time."""
    return OneTimeUse.objects.filter(pk=key).exists()


def remove_expired(now: datetime) -> int:
    """Delete some of the uses whose subject expired more than an hour ago. Returns how many."""
    expired = OneTimeUse.objects.filter(expires_at__lt=now - timedelta(seconds=KEPT_AFTER_END_SECONDS))
    some = list(expired.values_list("pk", flat=True)[:REMOVED_AT_ONCE])
    if some:
        with transaction.atomic():
            OneTimeUse.objects.filter(pk__in=some).delete()
    return len(some)
