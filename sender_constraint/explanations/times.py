"""Times that do not fit: by how many seconds, and in which direction.

RFC 7519 §4.1 (https://www.rfc-editor.org/rfc/rfc7519) for tokens, RFC 5280 §4.1.2.5
(https://www.rfc-editor.org/rfc/rfc5280) for certificates. All seconds are by the clock of the service.
"""

from datetime import UTC, datetime, timedelta

from sender_constraint.explanations.comparisons import Compare, Comparison, Event, detail_of

# Up to here, a clock that is wrong is likelier than a caller that waited too long, or a wrong lifetime.
LIKELY_CLOCK_SECONDS = 120
CHECK_CLOCK = "Compare the machine's clock with the true time (NTP): they seem to differ."

# How times over a minute are told beside the seconds.
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def ended(what: str, name: str, next_step: str) -> Compare:
    """Explains a time that is over. what: ``The token``. name: of the detail that has its end."""

    def compare(event: Event) -> Comparison | None:
        end, now = instant(detail_of(event).get(name)), _now(event)
        if end is None or now is None:
            return None
        return Comparison(
            expected=f"a request until {_written(end)}{_leeway(event)}",
            presented=f"a request at {_written(now)}",
            findings=(f"{what} expired {seconds(now - end)} before the request.",),
            next_step=next_step,
        )

    return compare


def not_begun(what: str, name: str, begins: str = "becomes valid") -> Compare:
    """Explains a time that has not come. name: of the detail that has its beginning."""

    def compare(event: Event) -> Comparison | None:
        begin, now = instant(detail_of(event).get(name)), _now(event)
        if begin is None or now is None:
            return None
        early = begin - now
        return Comparison(
            expected=f"a request from {_written(begin)} on{_leeway(event)}",
            presented=f"a request at {_written(now)}",
            findings=(f"{what} {begins} {seconds(early)} after the request.",),
            next_step=CHECK_CLOCK if early.total_seconds() <= LIKELY_CLOCK_SECONDS else None,
        )

    return compare


def compare_renewal_window(event: Event) -> Comparison | None:
    """``renewal.window``: the certificate expired, and so did the time in which it still renews itself."""
    end, window = instant(detail_of(event).get("not_after")), _span(detail_of(event).get("window_seconds"))
    now = _now(event)
    if end is None or now is None or window is None:
        return None
    late = now - end - window
    return Comparison(
        expected=f"a renewal at most {seconds(window)} after the end, {_written(end)}",
        presented=f"a renewal at {_written(now)}",
        findings=(f"The certificate expired {seconds(now - end)} before: {seconds(late)} too long ago.",),
    )


def instant(value: object) -> datetime | None:
    """A time of an event's: ISO 8601, or seconds since 1970 (NumericDate). None if it is neither."""
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
    """``12.3 seconds``; over two minutes with larger units beside: ``7384 seconds (2 hours 3 minutes)``."""
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


def _now(event: Event) -> datetime | None:
    """The time by which it was decided; where the detail has none, that of the event."""
    return instant(detail_of(event).get("now")) or instant(event.get("time"))


def _leeway(event: Event) -> str:
    leeway = _span(detail_of(event).get("leeway_seconds"))
    return f", with a leeway of {seconds(leeway)} for clocks that differ" if leeway is not None else ""


def _span(value: object) -> timedelta | None:
    try:
        return timedelta(seconds=value) if isinstance(value, int | float) else None
    except (ValueError, OverflowError):
        return None


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
