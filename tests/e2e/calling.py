"""Callers over real sockets, whose calls are valid but for what a test changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from workshop.story.partner import FORM
from workshop.wire import Credentials, Exchange, Wire

PAYMENT: Mapping[str, Any] = {
    "creditor_name": "Supplier Ltd",
    "creditor_iban": "GB33BUKB20201555555555",
    "amount": {"amount": "0.01", "currency": "EUR"},
    "reference": "invoice 7",
}


@dataclass(frozen=True)
class TokenCaller:
    """A client at the token endpoint; ``but`` makes the one that differs from it in one thing.

    headers: beside those of every call; None in place of a value leaves one of those out.
    """

    wire: Wire
    url: str
    credentials: Credentials
    client_id: str = "partner"
    method: str = "POST"
    query: str = ""
    headers: Mapping[str, str | None] = field(default_factory=dict)

    def but(self, **changes: Any) -> "TokenCaller":
        return replace(self, **changes)

    def body(self, **parameters: Any) -> bytes:
        """The valid form with these parameters changed, added, repeated (a list), or left out where None."""
        form = {"grant_type": "client_credentials", "client_id": self.client_id, **parameters}
        present = {name: value for name, value in form.items() if value is not None}
        return urlencode(present, doseq=True).encode()

    def asks(self, **parameters: Any) -> Exchange:
        """Ask with the valid form, changed by these parameters."""
        return self.sends(self.body(**parameters))

    def sends(self, body: bytes) -> Exchange:
        """Ask with any body."""
        return self.wire.send(
            self.method,
            self.url + self.query,
            self.credentials,
            headers={name: value for name, value in {**FORM, **self.headers}.items() if value is not None},
            body=body,
        )


@dataclass(frozen=True)
class APICaller:
    """A client of the API; ``but`` makes the one that differs from it in one thing."""

    wire: Wire
    url: str
    credentials: Credentials
    token: str

    def but(self, **changes: Any) -> "APICaller":
        return replace(self, **changes)

    def gets(self, path: str = "/accounts", **headers: str) -> Exchange:
        return self._sends("GET", path, headers, None)

    def pays(self, body: Mapping[str, Any] | bytes, key: str | None) -> Exchange:
        """Ask for a payment. body: content, or the bytes as they are sent."""
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **({} if key is None else {"Idempotency-Key": key})}
        return self._sends("POST", "/payments", headers, encoded)

    def account(self) -> str:
        """The identifier of the first account that was opened to this client."""
        return str(self.gets().json()["accounts"][0]["id"])

    def _sends(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Exchange:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        return self.wire.send(method, self.url + path, self.credentials, headers=sent, body=body)
