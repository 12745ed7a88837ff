"""The attempts of one call: each runs on the binding that is current when it begins."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import httpx

from sender_constraint.certificates.generations import Generation
from sender_constraint.client.binding import Binding
from sender_constraint.client.observer import Call
from sender_constraint.client.token_source import AccessToken
from sender_constraint.core.correlation import CORRELATION_HEADER
from sender_constraint.http.exchange import exchange

MAX_ANSWER_BYTES = 8 * 1024 * 1024


class Bindings(Protocol):
    """Whose bindings the attempts run on, and who hears how the API took them: ``Caller``."""

    def binding(self) -> AbstractContextManager[Binding]:
        """Enters the current binding."""

    def accepted(self, binding: Binding) -> None:
        """The API looked at a token and found it good, whatever it says to the rest."""

    def refused(self, binding: Binding) -> bool:
        """The API called a new token invalid too; returns whether there is another binding to try."""


class Attempts:
    """One request, made as often as somebody asks. headers: with a correlation id, no ``Authorization``."""

    def __init__(
        self,
        bindings: Bindings,
        method: str,
        url: str,
        json: Any,
        headers: httpx.Headers,
    ) -> None:
        self._bindings = bindings
        self._method = method
        self._url = url
        self._json = json
        self._headers = headers
        self._number = 0
        self._generation: Generation | None = None  # of a client that has certificates
        self._token: AccessToken | None = None

    def make(self, seconds: float) -> httpx.Response:
        """Make an attempt of at most so many seconds. Raises httpx.TransportError, and as ``binding``."""
        self._number += 1
        with self._bindings.binding() as binding:
            response = self._presented(binding, seconds)
            if not _is_invalid_token(response) or not self._bindings.refused(binding):
                return response
        with self._bindings.binding() as other:
            return self._presented(other, seconds)

    def summary(
        self, started_at: datetime, seconds: float, response: httpx.Response | None, error: Exception | None
    ) -> Call:
        """What is to be told about the call when it has ended."""
        return Call(
            started_at=started_at,
            seconds=seconds,
            method=self._method,
            url=self._url,
            attempts=self._number,
            correlation_id=self._headers[CORRELATION_HEADER],
            status=response.status_code if response is not None else None,
            failure=error,
            generation_id=self._generation.id if self._generation else None,
            thumbprint=self._generation.thumbprint if self._generation else None,
            token=self._token.fingerprint if self._token else None,
        )

    def _presented(self, binding: Binding, seconds: float) -> httpx.Response:
        response = self._send(binding, seconds)
        if _is_invalid_token(response) and self._token is not None:
            # RFC 6750 §3.1: the client may ask for a new token and try again. Nothing was done yet.
            binding.tokens.discard(self._token)
            response = self._send(binding, seconds)
        if response.status_code < 500 and response.status_code != 401:
            self._bindings.accepted(binding)
        return response

    def _send(self, binding: Binding, seconds: float) -> httpx.Response:
        """RFC 9449 §9: a request that lacked a nonce was not looked at, and is sent once more with it."""
        self._generation = binding.generation
        self._token = binding.tokens.token(self._headers[CORRELATION_HEADER])
        response = self._send_once(binding, self._token.value, seconds)
        proofs = binding.signing.proofs
        if proofs is not None and proofs.learn(response):
            response = self._send_once(binding, self._token.value, seconds)
            proofs.learn(response)
        return response

    def _send_once(self, binding: Binding, token: str, seconds: float) -> httpx.Response:
        headers = httpx.Headers(self._headers)
        headers["Authorization"] = f"{binding.signing.token_type} {token}"
        request = binding.pool.build_request(self._method, self._url, json=self._json, headers=headers)
        if binding.signing.proofs is not None:
            binding.signing.proofs.sign(request, token)
        return exchange(binding.pool, request, max_bytes=MAX_ANSWER_BYTES, seconds=seconds)


def _is_invalid_token(response: httpx.Response) -> bool:
    challenge = response.headers.get("www-authenticate", "")
    return response.status_code == 401 and 'error="invalid_token"' in challenge
