"""Alarms of a party that calls: its calls are not answered, or it gets no new token.

``calls`` is critical from the first call that ends without an answer; ``tokens`` is a warning, since the last
token serves while it lasts. Each says in its ``state`` what the caller waits for, or why it was turned away,
and ends by itself with the next answer, or token.
"""

import threading
from typing import Any, Literal, Protocol

from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration
from sender_constraint.certificates.generations import Generation
from sender_constraint.client.errors import (
    MetadataInvalid,
    ServerRefused,
    TokenRefused,
    TokenUnusable,
    WaitingForCertificate,
    WaitingForStatus,
)
from sender_constraint.client.observer import Call, CallerObserver
from sender_constraint.client.token_source import AccessToken

CALLS, TOKENS = "calls", "tokens"

# The first that fits; whatever else ends a call is that nobody answered.
_STATES: tuple[tuple[type[Exception], str], ...] = (
    (WaitingForCertificate, "waiting for a new certificate"),
    (WaitingForStatus, "waiting for certificate status"),
    (ServerRefused, "server refused"),
    (TokenRefused, "token refused"),
    (TokenUnusable, "answer unusable"),
    (MetadataInvalid, "answer unusable"),
    (NoGeneration, "no certificate"),
    (BrokenGeneration, "certificate broken"),
)


class Alarms(Protocol):
    """Where they are heard: ``server.alarms.Alarms``."""

    def raised(self, name: str, level: Literal["warning", "critical"], message: str, **detail: Any) -> None:
        """Something is wrong, or still is."""

    def cleared(self, name: str) -> None:
        """It is right again."""


class CallAlarms(CallerObserver):
    """Watches a caller. Safe among threads and greenlets."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._lock = threading.Lock()
        # An earlier process may have left them up.
        self._may_be_up = {CALLS, TOKENS}

    def called(self, call: Call) -> None:
        """An answer that is no failure of the server's ends the alarm."""
        if call.failure is not None:
            self._raise(CALLS, "critical", "Calls are not answered", call.failure)
        elif call.status is not None and call.status < 500:
            self._clear(CALLS)

    def token_obtained(self, generation: Generation | None, token: AccessToken) -> None:  # noqa: ARG002 - the observer's
        """Tokens are to be had."""
        self._clear(TOKENS)

    def token_failed(self, generation: Generation | None, error: Exception) -> None:  # noqa: ARG002 - the observer's
        """None is."""
        self._raise(TOKENS, "warning", "No new token is to be had", error)

    def preparation_failed(self, error: Exception) -> None:
        """None is for the new certificate, which is not used until then."""
        self._raise(TOKENS, "warning", "The new certificate or key is not in use", error)

    def _raise(self, name: str, level: Literal["warning", "critical"], what: str, error: Exception) -> None:
        with self._lock:
            self._may_be_up.add(name)
        self._alarms.raised(name, level, f"{what}: {error}", state=state_of(error))

    def _clear(self, name: str) -> None:
        with self._lock:
            if name not in self._may_be_up:
                return
            self._may_be_up.remove(name)
        self._alarms.cleared(name)


def state_of(error: Exception) -> str:
    """What a caller that raised this waits for, or why it was turned away, in a few words."""
    return next((state for kind, state in _STATES if isinstance(error, kind)), "unreachable")
