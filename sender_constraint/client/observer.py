"""What a caller tells whoever watches it: for logs, metrics and timelines."""

from dataclasses import dataclass
from datetime import datetime

from sender_constraint.certificates.generations import Generation
from sender_constraint.client.token_source import AccessToken


@dataclass(frozen=True, slots=True)
class Call:
    """One business call, with all its attempts.

    generation_id, thumbprint, token: those of the last attempt; the token by its fingerprint.
    status: None if there was no answer; then ``failure`` is why.
    """

    started_at: datetime
    seconds: float
    method: str
    url: str
    attempts: int
    correlation_id: str
    status: int | None
    failure: Exception | None
    generation_id: str | None
    thumbprint: str | None
    token: str | None

    @property
    def error(self) -> str | None:
        """Why there was no answer, in words."""
        return None if self.failure is None else str(self.failure)


class CallerObserver:
    """Does nothing; subclasses see what they override. Called from whichever thread it happens in.

    A generation is None where the client has no certificate.
    """

    def swapped(self, previous: Generation | None, current: Generation | None) -> None:
        """From now on calls are made with the current generation."""

    def preparation_failed(self, error: Exception) -> None:
        """A new generation could not be prepared; the old one goes on serving, and it will be tried again."""

    def closed(self, generation: Generation | None) -> None:
        """The last call of a generation has ended, and its connections are closed."""

    def token_obtained(self, generation: Generation | None, token: AccessToken) -> None:
        """A token was obtained that is bound to this generation's certificate."""

    def token_failed(self, generation: Generation | None, error: Exception) -> None:
        """There was no token to be had; one that has not expired goes on serving."""

    def called(self, call: Call) -> None:
        """A call ended."""
