"""Times outside the accepted range: by how many seconds, and in which direction.

RFC 7519 §4.1 (https://www.rfc-editor.org/rfc/rfc7519) for tokens, RFC 5280 §4.1.2.5
(https://www.rfc-editor.org/rfc/rfc5280) for certificates. All times are by the clock of the service.
"""

from datetime import UTC, datetime, timedelta

from sender_constraint.explanations.comparisons import Compared, Event, detail_of

# Up to this difference, a wrong clock is likelier than a wrong lifetime.
LIKELY_CLOCK_SECONDS = 120
CHECK_CLOCK = "Synchronize the clock (NTP): it seems to be wrong."

# Members of a refusal's detail: when a certificate, token or proof expires, and when it becomes valid.
_ENDS = ("not_after", "expired_at", "ends_at")
_STARTS = ("not_before", "issued_at", "made_at")

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def compare_expiry(event: Event) -> Compared | None:
    """Explains a time that has passed."""
    end, now = _first_time(event, _ENDS), _now(event)
    if end is None or now is None:
        return None
    return Compared(
        expected=f"a request before {_written(end)}{_leeway(event)}",
        presented=f"a request at {_written(now)}",
        findings=(f"It expired {seconds(now - end)} before the request.",),
    )


def compare_start(event: Event) -> Compared | None:
    """Explains a time that has not come yet."""
    start, now = _first_time(event, _STARTS), _now(event)
    if start is None or now is None:
        return None
    early = start - now
    return Compared(
        expected=f"a request from {_written(start)} on{_leeway(event)}",
        presented=f"a request at {_written(now)}",
        findings=(f"The request came {seconds(early)} too early.",),
        next_step=CHECK_CLOCK if early.total_seconds() <= LIKELY_CLOCK_SECONDS else None,
    )


def compare_renewal_window(event: Event) -> Compared | None:
    """The certificate has expired, and so has the time in which it can still be renewed."""
    end, window = instant(detail_of(event).get("not_after")), _span(detail_of(event).get("window_seconds"))
    now = _now(event)
    if end is None or now is None or window is None:
        return None
    late = now - end - window
    return Compared(
        expected=f"a renewal at most {seconds(window)} after the expiry at {_written(end)}",
        presented=f"a renewal at {_written(now)}",
        findings=(f"The certificate expired {seconds(now - end)} ago: {seconds(late)} too long.",),
    )


def instant(value: object) -> datetime | None:
    """A time in an event: ISO 8601, or seconds since 1970 (NumericDate). None if it is neither."""
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value)
            return time if time.tzinfo else time.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def seconds(span: timedelta) -> str:
    """``12.3 seconds``; from two minutes on, in larger units too: ``7384 seconds (2 hours 3 minutes)``."""
    total = span.total_seconds()
    plain = f"{total:.3f}".rstrip("0").rstrip(".")
    text = f"{plain} second" + ("" if plain == "1" else "s")
    if total < LIKELY_CLOCK_SECONDS:
        return text
    words, left = [], int(total)
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}" + ("" if count == 1 else "s"))
    return f"{text} ({' '.join(words[:2])})"


def _first_time(event: Event, names: tuple[str, ...]) -> datetime | None:
    detail = detail_of(event)
    return next((instant(detail[name]) for name in names if name in detail), None)


def _now(event: Event) -> datetime | None:
    """The time of the decision; if the detail has none, the time of the event."""
    return instant(detail_of(event).get("now")) or instant(event.get("time"))


def _leeway(event: Event) -> str:
    leeway = _span(detail_of(event).get("leeway_seconds"))
    return f", with a leeway of {seconds(leeway)} for clock skew" if leeway is not None else ""


def _span(value: object) -> timedelta | None:
    try:
        return timedelta(seconds=value) if isinstance(value, int | float) else None
    except (ValueError, OverflowError):
        return None


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
