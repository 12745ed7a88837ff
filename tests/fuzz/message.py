"""One request as octets, and one answer to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Draft:
    """A request that is still in parts, so that one of them can be changed."""

    method: bytes
    path: bytes
    headers: Headers = ()
    body: bytes = b""
    query: bytes = b""
    version: bytes = b"HTTP/1.1"

    def but(self, **changes: Any) -> "Draft":
        return replace(self, **changes)

    def has(self, name: bytes) -> bool:
        return any(each.lower() == name for each, _ in self.headers)

    def octets(self) -> bytes:
        """The request as it is sent: with a host and the length of its body, unless it says its own."""
        target = self.path + (b"?" + self.query if self.query else b"")
        headers = list(self.headers)
        if not self.has(b"host"):
            headers.insert(0, (b"Host", b"localhost"))
        if self.body and not self.has(b"content-length") and not self.has(b"transfer-encoding"):
            headers.append((b"Content-Length", str(len(self.body)).encode()))
        lines = [b" ".join((self.method, target, self.version)), *(b": ".join(each) for each in headers)]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


@dataclass(frozen=True)
class Message:
    """A request as it goes over the wire.

    whole: whether its framing is surely complete. If not, the caller's side is closed after it: a server
    that waits for more sees at once that there is none.
    """

    octets: bytes
    whole: bool

    @property
    def is_head(self) -> bool:
        return self.octets.startswith(b"HEAD ")


@dataclass(frozen=True)
class Answer:
    """What came back. status: None where the server ended the connection without a word."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    too_slow: bool = False
