"""How many clients register themselves: of one software, and in an hour.

RFC 6585 §4 (https://www.rfc-editor.org/rfc/rfc6585). A software statement is no secret, and may be used any
number of times; each client costs a row, and tokens by and by. They are counted in the database, under a
lock: however many requests arrive at the same time, no more are accepted. Deleting a client makes room for
another of its software; for the hour it still counts.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from authserver.clients.models import Client, RegistrationLock, SelfRegistration
from sender_constraint.core.errors import TooManyRequests
from sender_constraint.core.rules import enforces, rule

SOFTWARE = rule(
    "registration-endpoint.software-limit",
    "RFC 6585 §4",
    "The software has reached its maximum number of clients.",
).explained(
    "fewer than {expected} registered clients of the software {software_id}",
    "one more",
    "Use a client that is registered, or delete one (RFC 7592 §2.3). The bank's operator sets "
    "REGISTRATIONS_PER_SOFTWARE_ID.",
)
HOURLY = rule(
    "registration-endpoint.hourly-limit",
    "RFC 6585 §4",
    "The maximum number of registrations per hour is reached.",
).explained(
    "at most {expected} registrations per hour, or this software's share of them",
    "one more",
    "Retry after {retry_after_seconds} seconds. The bank's operator sets REGISTRATIONS_PER_HOUR.",
)

HOUR = timedelta(hours=1)
# No software uses up what all others have of an hour: this share of it, at most.
SOFTWARE_SHARE = 4


def check_room(software_id: str, now: datetime) -> None:
    """Refuse a registration for which there is no room. Raises TooManyRequests.

    software_id: of its software statement; empty without one.
    """
    check_software_limit(software_id, now)
    check_hourly_limit(software_id, now)


def register_within_limits(software_id: str, now: datetime, **values: Any) -> Client:
    """Register a client unless another took the last room meanwhile. Raises TooManyRequests.

    values: of its columns.
    """
    with transaction.atomic():
        RegistrationLock.objects.get_or_create(pk=RegistrationLock.ONLY)
        # SQLite has one writer at a time anyway; on PostgreSQL the others wait here.
        RegistrationLock.objects.select_for_update().get(pk=RegistrationLock.ONLY)
        check_room(software_id, now)
        SelfRegistration.objects.filter(registered_at__lte=now - HOUR).delete()
        SelfRegistration.objects.create(software_id=software_id, registered_at=now)
        return Client.objects.create(software_id=software_id, **values)


@enforces(SOFTWARE)
def check_software_limit(software_id: str, now: datetime) -> None:  # noqa: ARG001 - as the other limit
    """RFC 6585 §4: clients that are registered now; who deletes one may register another."""
    limit = settings.REGISTRATIONS_PER_SOFTWARE_ID
    if software_id and Client.objects.filter(software_id=software_id).count() >= limit:
        raise TooManyRequests(
            SOFTWARE,
            f"{limit} clients of this software are registered: delete one, or ask the operator",
            retry_after_seconds=int(HOUR.total_seconds()),
            expected=limit,
            software_id=software_id[:200],
        )


@enforces(HOURLY)
def check_hourly_limit(software_id: str, now: datetime) -> None:
    """RFC 6585 §4: of all, and of each software a share, whatever became of those clients."""
    limit = settings.REGISTRATIONS_PER_HOUR
    within = SelfRegistration.objects.filter(registered_at__gt=now - HOUR).order_by("registered_at")
    full = _full(within, limit)
    if full is None and software_id:
        full = _full(within.filter(software_id=software_id), max(1, limit // SOFTWARE_SHARE))
    if full is not None:
        raise TooManyRequests(
            HOURLY,
            "Too many registrations within an hour",
            retry_after_seconds=max(1, math.ceil((full + HOUR - now).total_seconds())),
            expected=limit,
            software_id=software_id[:200],
        )


def _full(within: QuerySet[SelfRegistration], limit: int) -> datetime | None:
    """When the oldest registered that has to leave the hour first; None where there is room."""
    times = list(within.values_list("registered_at", flat=True))
    return times[len(times) - limit] if len(times) >= limit else None
