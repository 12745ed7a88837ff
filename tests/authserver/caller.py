"""A caller of the token endpoint, whose requests are valid but for what a test changes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from tests.connection import FakeTLSSocket
from tests.sender_constraint.pki import Issued
from tests.trail import Trail

FORM = "application/x-www-form-urlencoded"
RESOURCE = "https://localhost:8442"
OTHER_RESOURCE = "https://other-api.example"
LEGAL_DESCRIPTION = r"[\x20-\x21\x23-\x5b\x5d-\x7e]+"  # RFC 6749 §5.2


@dataclass(frozen=True)
class Caller:
    """A client with its certificate; ``but`` makes the caller that differs from it in one thing."""

    client_id: str
    certificates: Sequence[bytes]
    form: Mapping[str, Any] = field(default_factory=dict)
    method: str = "POST"
    address: str = "/token"
    content_type: str = FORM
    headers: Mapping[str, str] = field(default_factory=dict)

    def but(self, **changes: Any) -> "Caller":
        return replace(self, **changes)

    def with_certificate(self, *issued: Issued) -> "Caller":
        return self.but(certificates=tuple(each.der for each in issued))

    def body(self, **parameters: Any) -> bytes:
        """The valid form, with these parameters changed, added, or left out where None."""
        valid = {"grant_type": "client_credentials", "client_id": self.client_id}
        form = {**valid, **self.form, **parameters}
        return urlencode(
            {name: value for name, value in form.items() if value is not None}, doseq=True
        ).encode()

    def asks(self, *, body: bytes | None = None, **parameters: Any) -> Any:
        """The response to the valid request, with parameters changed, or with another body altogether."""
        connection: dict[str, Any] = {"gunicorn.socket": FakeTLSSocket(self.certificates)}
        return Client().generic(
            self.method,
            self.address,
            data=self.body(**parameters) if body is None else body,
            content_type=self.content_type,
            headers=dict(self.headers),
            **connection,
        )


@dataclass(frozen=True)
class Verdict:
    """Reads answer and record of one request together."""

    trail: Trail

    def accepted(self, response: Any) -> dict[str, Any]:
        """The token response, after what is true of every one of them."""
        assert response.status_code == 200, response.content
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Pragma"] == "no-cache"
        event = self.trail.last()
        assert (event["event"], event["outcome"]) == ("token.issued", "accepted")
        answer: dict[str, Any] = response.json()
        assert answer["access_token"] not in self.trail.file.read_text()
        return answer

    def refused(self, response: Any, status: int, error: str, rule: str) -> dict[str, Any]:
        """The audit event, after comparing the wire's answer and the recorded reason."""
        event = self.trail.last()
        assert (response.status_code, response.json()["error"]) == (status, error), event
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Type"] == "application/json"
        assert set(response.json()) == {"error", "error_description"}
        assert re.fullmatch(LEGAL_DESCRIPTION, response.json()["error_description"])
        assert (event["outcome"], event["error"], event["rule"]) == ("refused", error, rule)
        assert event["section"].startswith(("RFC ", "FAPI 2.0 "))
        return event
