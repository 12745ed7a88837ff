"""A call as an attack changes it: what is sent, and what is shown in the handshake."""

import base64
import ssl
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

from workshop.wire import Credentials, Exchange, Wire


class Attempt(Protocol):
    """Something that can be tried, and of which something comes."""

    def send(self, wire: Wire) -> Exchange:
        """Try it."""


@dataclass(frozen=True)
class Call:
    """One HTTP request on a connection of its own.

    token: presented in the Authorization header; None for none.
    """

    method: str
    url: str
    token: str | None
    credentials: Credentials
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    tls: ssl.TLSVersion | None = None

    def send(self, wire: Wire) -> Exchange:
        """Make the call."""
        return wire.send(
            self.method, self.url, self.credentials, headers=self.all_headers(), body=self.body, tls=self.tls
        )

    def all_headers(self) -> list[tuple[str, str]]:
        """With the one that carries the token."""
        headers = list(self.headers)
        if self.token is not None:
            headers.append(("Authorization", f"Bearer {self.token}"))
        return headers

    def but(self, **changes: Any) -> "Call":
        """The same with some of its members changed."""
        return replace(self, **changes)

    def at(self, path: str) -> "Call":
        """The same for another path of its origin."""
        scheme, _, host = self.url.split("/", 3)[:3]
        return replace(self, url=f"{scheme}//{host}{path}")

    def with_header(self, name: str, value: str) -> "Call":
        """The same with this header, in place of one of its name."""
        others = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*others, (name, value)))

    def with_basic(self, user: str, password: str) -> "Call":
        """The same with these credentials (RFC 7617 §2)."""
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.with_header("Authorization", f"Basic {encoded}")

    def with_form(self, **parameters: str | list[str] | None) -> "Call":
        """The same with these parameters of its form changed, repeated (a list), or left out (None)."""
        form = dict(parse_qsl((self.body or b"").decode())) | parameters
        present = {name: value for name, value in form.items() if value is not None}
        return replace(self, body=urlencode(present, doseq=True).encode())
