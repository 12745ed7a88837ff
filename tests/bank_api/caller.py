"""A caller of the API whose requests are valid but for what a test changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.test import Client

from tests.connection import FakeTLSSocket
from tests.sender_constraint.pki import Issued
from tests.trail import Trail

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Caller:
    """A client with its certificate and token; ``but`` makes the caller that differs in one thing."""

    certificates: Sequence[bytes]
    token: str | None
    headers: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "Bearer"

    def but(self, **changes: Any) -> "Caller":
        return replace(self, **changes)

    def on(self, *issued: Issued) -> "Caller":
        """The same on a connection with another certificate, or with none."""
        return self.but(certificates=tuple(each.der for each in issued))

    def get(self, path: str, **headers: str) -> Any:
        return self.calls("GET", path, headers=headers)

    def pays(self, instruction: Any, key: str | None = "key-1", **headers: str) -> Any:
        """The response to a payment; the instruction is JSON, or the bytes of a body."""
        body = instruction if isinstance(instruction, bytes) else json.dumps(instruction).encode()
        named = {} if key is None else {"Idempotency-Key": key}
        return self.calls("POST", "/payments", body, headers={**named, **headers})

    def calls(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        authorization = {} if self.token is None else {"Authorization": f"{self.scheme} {self.token}"}
        environ: Any = {"gunicorn.socket": FakeTLSSocket(self.certificates)}
        return Client(raise_request_exception=False).generic(
            method,
            path,
            data=body,
            content_type=content_type,
            headers={**authorization, **self.headers, **(headers or {})},
            **environ,
        )


@dataclass(frozen=True)
class Verdict:
    """Reads answer and record of one request together."""

    trail: Trail

    def accepted(self, response: Any, status: int = 200) -> Any:
        """The body, after what is true of every answer that grants something."""
        assert response.status_code == status, (response.content, self.trail.last())
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Type"] == JSON
        event = self.trail.last()
        assert (event["event"], event["outcome"], event["status"]) == ("api.call", "accepted", status)
        return response.json()

    def refused(
        self, response: Any, status: int, error: str, rule: str, scheme: str = "Bearer"
    ) -> dict[str, Any]:
        """The audit event of an error of OAuth, after comparing the answer and the recorded reason."""
        event = self._recorded(response, status, error, rule)
        assert response.headers["Content-Type"] == JSON
        assert response.json() == {"error": error, "error_description": event["description"]}
        challenge = response.headers["WWW-Authenticate"]
        assert challenge.startswith(f'{scheme} realm="https://localhost:8442"')
        assert f'error="{error}", error_description="{event["description"]}"' in challenge
        return event

    def problem(self, response: Any, status: int, rule: str, kind: str = "about:blank") -> dict[str, Any]:
        """The audit event of a problem, after comparing the answer and the recorded reason."""
        body = response.json()
        assert response.headers["Content-Type"] == PROBLEM, body
        assert (body["status"], body["type"]) == (status, kind), self.trail.last()
        assert body["title"]
        return self._recorded(response, status, self.trail.last()["error"], rule)

    def _recorded(self, response: Any, status: int, error: str, rule: str) -> dict[str, Any]:
        event = self.trail.last()
        assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store"), event
        assert (event["outcome"], event["status"]) == ("refused", status)
        assert (event["error"], event["rule"]) == (error, rule)
        assert event["section"]
        return event
