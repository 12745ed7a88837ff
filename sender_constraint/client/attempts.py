"""The attempts of one call: each runs on the binding that is current when it begins."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import httpx

from sender_constraint.certificates.exchange import exchange
from sender_constraint.certificates.generations import Generation
from sender_constraint.client.binding import Binding
from sender_constraint.client.observer import Call
from sender_constraint.client.token_source import AccessToken
from sender_constraint.correlation import CORRELATION_HEADER

MAX_ANSWER_BYTES = 8 * 1024 * 1024


class Attempts:
    """One request, made as often as somebody asks.

    binding: enters the current binding. headers: with the correlation id, without ``Authorization``.
    """

    def __init__(
        self,
        binding: Callable[[], AbstractContextManager[Binding]],
        method: str,
        url: str,
        json: Any,
        headers: httpx.Headers,
    ) -> None:
        self._binding = binding
        self._method = method
        self._url = url
        self._json = json
        self._headers = headers
        self._number = 0
        self._generation: Generation | None = None
        self._token: AccessToken | None = None

    def make(self, seconds: float) -> httpx.Response:
        """Make an attempt of at most so many seconds. Raises httpx.TransportError, and as ``binding``."""
        self._number += 1
        with self._binding() as binding:
            response = self._send(binding, seconds)
            if _is_invalid_token(response) and self._token is not None:
                # RFC 6750 §3.1: the client may ask for a new token and try again. Nothing was done yet.
                binding.tokens.discard(self._token)
                response = self._send(binding, seconds)
            return response

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
            error=str(error) if error is not None else None,
            generation_id=self._generation.id if self._generation else None,
            thumbprint=self._generation.thumbprint if self._generation else None,
            token=self._token.fingerprint if self._token else None,
        )

    def _send(self, binding: Binding, seconds: float) -> httpx.Response:
        self._generation = binding.generation
        self._token = binding.tokens.token(self._headers[CORRELATION_HEADER])
        headers = httpx.Headers(self._headers)
        headers["Authorization"] = f"Bearer {self._token.value}"
        request = binding.pool.build_request(self._method, self._url, json=self._json, headers=headers)
        return exchange(binding.pool, request, max_bytes=MAX_ANSWER_BYTES, seconds=seconds)


def _is_invalid_token(response: httpx.Response) -> bool:
    challenge = response.headers.get("www-authenticate", "")
    return response.status_code == 401 and 'error="invalid_token"' in challenge
