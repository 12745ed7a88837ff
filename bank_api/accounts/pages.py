"""One page of an account's bookings: which are asked for, and which come next.

A page begins after a booking, never at a number of rows: bookings are in an order that never changes
(newest first, then by identifier), so that one which arrives between two pages moves no other to another
page. Whoever follows the links sees each booking that was there at the start once.

Errors are of RFC 9110 §15.5.1, https://www.rfc-editor.org/rfc/rfc9110; dates of RFC 3339 §5.6,
https://www.rfc-editor.org/rfc/rfc3339.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from bank_api.accounts.access import as_identifier
from bank_api.accounts.models import Account, Transaction
from sender_constraint.core.guidance import SEE_OPENAPI
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.problems import BadRequest

USUAL_LIMIT = 100
HIGHEST_LIMIT = 500
PARAMETERS = ("date_from", "date_to", "limit", "before")

PARAMETER_NAMES = rule(
    "accounts.page-parameters", "RFC 9110 §15.5.1", "A query parameter is unknown or repeated."
).explained("date_from, date_to, limit and before, each at most once", "also {presented}", SEE_OPENAPI)
DATES = rule(
    "accounts.dates", "RFC 9110 §15.5.1", "A date is invalid, or the range ends before it starts."
).explained("dates such as 2026-03-31, the first not after the last", "{presented}", SEE_OPENAPI)
LIMIT = rule(
    "accounts.limit", "RFC 9110 §15.5.1", "The limit is not a number in the allowed range."
).explained("an integer in the documented range", "{presented}", SEE_OPENAPI)
BEFORE = rule(
    "accounts.before", "RFC 9110 §15.5.1", "The parameter before is not a transaction of this account."
).explained(
    "the id of a transaction of this account", "{presented}", "Follow the Link header of the previous page."
)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LIMIT = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller asks for. Dates are in UTC, both are included; before: a booking that it has seen.

    given: the parameters as they were sent, for the links.
    """

    date_from: date | None
    date_to: date | None
    limit: int
    before: str | None
    given: Mapping[str, str]

    def first(self) -> str:
        """The query of the first page."""
        return urlencode({name: value for name, value in self.given.items() if name != "before"})

    def after(self, last: Transaction) -> str:
        """The query of the page that begins after this booking."""
        return urlencode({**self.given, "before": str(last.pk)})


@dataclass(frozen=True, slots=True)
class Page:
    """The bookings of a page. more: whether there are older ones in the range."""

    bookings: Sequence[Transaction]
    more: bool


def page_request(parameters: QueryDict) -> PageRequest:
    """The page that a query asks for. Raises BadRequest."""
    check_parameter_names(parameters)
    given = {name: str(parameters[name]) for name in PARAMETERS if name in parameters}
    check_dates(given)
    check_limit(given.get("limit"))
    return PageRequest(
        date_from=_date(given.get("date_from")),
        date_to=_date(given.get("date_to")),
        limit=int(given.get("limit", USUAL_LIMIT)),
        before=given.get("before"),
        given=given,
    )


def page_of(account: Account, asked: PageRequest) -> Page:
    """The bookings of this account that were asked for. Raises BadRequest for an unknown ``before``."""
    # One more than asked for tells whether there is another page.
    found = list(_in_range(_older_than(account, asked.before), asked)[: asked.limit + 1])
    return Page(found[: asked.limit], len(found) > asked.limit)


@enforces(PARAMETER_NAMES)
def check_parameter_names(parameters: QueryDict) -> None:
    """A misspelt date would otherwise mean all bookings, and of two limits one would be passed over."""
    wrong = sorted(
        name for name in parameters if name not in PARAMETERS or len(parameters.getlist(name)) != 1
    )
    if wrong:
        raise BadRequest(
            PARAMETER_NAMES,
            f"The parameters are {', '.join(PARAMETERS)}, each at most once",
            presented=[name[:80] for name in wrong[:10]],
        )


@enforces(DATES)
def check_dates(given: Mapping[str, str]) -> None:
    """RFC 3339 §5.6: full-date. A range that ends before it begins holds nothing, and was meant otherwise."""
    for name in ("date_from", "date_to"):
        if name in given and _date(given[name]) is None:
            raise BadRequest(DATES, f"{name} is not a date such as 2026-03-31", presented=given[name][:80])
    first, last = _date(given.get("date_from")), _date(given.get("date_to"))
    if first and last and last < first:
        raise BadRequest(DATES, "date_to is before date_from", presented=[str(first), str(last)])


@enforces(LIMIT)
def check_limit(text: str | None) -> None:
    """No number beyond the highest is cut down to it: the caller would take a page for the last one."""
    if text is not None and not (_LIMIT.fullmatch(text) and int(text) <= HIGHEST_LIMIT):
        raise BadRequest(LIMIT, f"limit is not a number from 1 to {HIGHEST_LIMIT}", presented=text[:80])


@enforces(BEFORE)
def check_before(last: Transaction | None, before: str) -> None:
    """Another account's booking is as unknown as none."""
    if last is None:
        raise BadRequest(BEFORE, "before is not the id of a transaction", presented=before[:80])


def _date(text: str | None) -> date | None:
    """The date; None where there is none, or where the text is none."""
    if text is None or not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _older_than(account: Account, before: str | None) -> QuerySet[Transaction]:
    bookings = account.transactions.order_by("-booked_at", "id")
    if before is None:
        return bookings
    key = as_identifier(before)
    last = bookings.filter(pk=key).first() if key else None
    check_before(last, before)
    assert last is not None  # noqa: S101  # check_before has refused
    return bookings.filter(Q(booked_at__lt=last.booked_at) | Q(booked_at=last.booked_at, id__gt=last.pk))


def _in_range(bookings: QuerySet[Transaction], asked: PageRequest) -> QuerySet[Transaction]:
    if asked.date_from is not None:
        bookings = bookings.filter(booked_at__gte=datetime.combine(asked.date_from, time.min, UTC))
    if asked.date_to is not None:
        bookings = bookings.filter(booked_at__lte=datetime.combine(asked.date_to, time.max, UTC))
    return bookings
