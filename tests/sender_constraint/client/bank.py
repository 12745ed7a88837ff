"""A bank in one server: metadata, tokens bound to the connection's certificate, an API that checks."""

import itertools
from collections.abc import Callable
from urllib.parse import parse_qs

from tests.sender_constraint.tls_server import Answer, Asked

METADATA = "/.well-known/oauth-authorization-server"


class Bank:
    """Answers; ``answers`` replaces what it says at a path. origin: its own, set when the server runs."""

    def __init__(self) -> None:
        self.origin = ""
        self.token_lifetime_seconds = 300
        self.token_forms: list[dict[str, list[str]]] = []
        self.answers: dict[str, Callable[[Asked], Answer]] = {}
        self._numbers = itertools.count(1)
        self._bound_to: dict[str, str | None] = {}

    def __call__(self, asked: Asked) -> Answer:
        if asked.path in self.answers:
            return self.answers[asked.path](asked)
        match asked.path:
            case "/.well-known/oauth-authorization-server":
                return self.metadata()
            case "/token":
                return self.token(asked)
            case _:
                return self.api(asked)

    def metadata(self, **changes: object) -> Answer:
        endpoint = f"{self.origin}/token"
        document = {
            "issuer": self.origin,
            "token_endpoint": "https://elsewhere.example/token",
            "mtls_endpoint_aliases": {"token_endpoint": endpoint},
        }
        return Answer(200, document | changes)

    def token(self, asked: Asked, **changes: object) -> Answer:
        self.token_forms.append(parse_qs(asked.body.decode()))
        token = f"token-{next(self._numbers)}"
        self._bound_to[token] = asked.thumbprint
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_lifetime_seconds}
        return Answer(200, answer | changes)

    def api(self, asked: Asked) -> Answer:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if asked.thumbprint is None or self._bound_to.get(token) != asked.thumbprint:
            challenge = 'Bearer error="invalid_token", error_description="not this sender\'s"'
            return Answer(401, {"error": "invalid_token"}, {"WWW-Authenticate": challenge})
        return Answer(200, {"token": token, "thumbprint": asked.thumbprint})

    def revoke_all_tokens(self) -> None:
        self._bound_to.clear()
