"""Reads the answer to a call and the server's record of it together."""

import re
from dataclasses import dataclass
from typing import Any

from sender_constraint.core.correlation import CORRELATION_HEADER
from workshop.evidence import AuditReader
from workshop.wire import Exchange

LEGAL_DESCRIPTION = r"[\x20-\x21\x23-\x5b\x5d-\x7e]+"  # RFC 6749 §5.2


@dataclass(frozen=True)
class Verdict:
    """Whether a call ended as it should, by answer and audit trail. Each returns the audit event."""

    audit: AuditReader

    def accepted(self, exchange: Exchange, event: str, status: int = 200) -> dict[str, Any]:
        """The call was answered, and recorded as this event."""
        assert exchange.status == status, (exchange.body, self.audit.about(exchange).events)
        assert exchange.headers["cache-control"] == "no-store"
        return self.recorded(exchange, event=event, outcome="accepted", status=status)

    def refused(self, exchange: Exchange, status: int, error: str, rule: str) -> dict[str, Any]:
        """The call was refused with an error of OAuth (RFC 6749 §5.2), for the reason of this rule."""
        event = self.recorded(exchange, outcome="refused", rule=rule, status=status, error=error)
        assert (exchange.status, exchange.error) == (status, error)
        assert exchange.json() == {"error": error, "error_description": event["description"]}
        assert re.fullmatch(LEGAL_DESCRIPTION, event["description"])
        assert exchange.headers["content-type"] == "application/json"
        assert exchange.headers["cache-control"] == "no-store"
        return event

    def challenged(self, exchange: Exchange, status: int, error: str, rule: str) -> dict[str, Any]:
        """Refused by the API, which answers with a challenge too (RFC 6750 §3)."""
        event = self.refused(exchange, status, error, rule)
        challenge = exchange.headers["www-authenticate"]
        assert challenge.startswith("Bearer realm=")
        assert f'error="{error}", error_description="{event["description"]}"' in challenge
        return event

    def problem(
        self, exchange: Exchange, status: int, rule: str, kind: str = "about:blank"
    ) -> dict[str, Any]:
        """Refused outside OAuth, with problem details (RFC 9457)."""
        event = self.recorded(exchange, outcome="refused", rule=rule, status=status)
        document = exchange.json()
        assert (exchange.status, document["status"], document["type"]) == (status, status, kind)
        assert exchange.headers["content-type"] == "application/problem+json"
        assert exchange.headers["cache-control"] == "no-store"
        return event

    def refused_by_the_front(self, exchange: Exchange, status: int, rule: str) -> dict[str, Any]:
        """Refused before any application saw it."""
        events = self.audit.about(exchange).events
        event = next((each for each in events if each["event"] == "http.request"), {})
        assert (event.get("rule"), event.get("status")) == (rule, status), events
        assert (exchange.status, exchange.json()["status"]) == (status, status)
        assert exchange.headers["content-type"] == "application/problem+json"
        assert event["peer"] == exchange.local_address
        return event

    def recorded(self, exchange: Exchange, **expected: Any) -> dict[str, Any]:
        """The call was recorded with this outcome, and with these fields."""
        assert exchange.headers.get(CORRELATION_HEADER) == exchange.correlation_id, exchange
        events = self.audit.about(exchange).events
        event = next((each for each in events if each["outcome"] == expected["outcome"]), None)
        assert event is not None, (exchange.status, exchange.body, events)
        assert {name: event.get(name) for name in expected} == expected, exchange.body
        assert "section" in event or expected["outcome"] == "accepted"
        return event
