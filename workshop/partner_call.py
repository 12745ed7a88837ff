"""The partner's own client code at work: it gets a token, and calls its accounts.

Other attempts are requests that a thief makes; here the partner is led to the wrong server, and what protects
it is its own side, or the bank behind.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.errors import CallFailed, ServerRefused
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.core.correlation import new_correlation_id
from workshop.middleman import Middleman, Onward, middleman
from workshop.wire import Credentials, Exchange, Wire

# What is said of a call that the partner's own side ended before anything was sent.
NOT_SENT = "not sent"


@dataclass(frozen=True)
class Ambush:
    """Where somebody stands between the partner and a server.

    at_issuer: at the authorization server, instead of the API.
    """

    shown: Credentials
    onward: Onward | None = None
    at_issuer: bool = False


@dataclass(frozen=True)
class PartnerCall:
    """The partner calls its accounts.

    certificates: its generations. trust_bundle: PEM, of the authorities whose servers it calls.
    ambush: None for the way as it should be.
    """

    certificates: Path
    issuer: str
    api: str
    resource: str
    trust_bundle: Path
    ambush: Ambush | None = None

    def but(self, **changes: Any) -> "PartnerCall":
        """The same with some of its members changed."""
        return replace(self, **changes)

    def send(self, wire: Wire) -> Exchange:
        """Make the call, by way of whoever lies in ambush."""
        with ExitStack() as stack:
            if self.ambush is None:
                return self._call([])
            middle = stack.enter_context(middleman(self.ambush.shown, wire, self.ambush.onward))
            led = self.but(**{"issuer" if self.ambush.at_issuer else "api": middle.origin})
            return led._call([middle])

    def _call(self, listening: Sequence[Middleman]) -> Exchange:
        url, correlation_id = f"{self.api}/accounts", new_correlation_id()
        settings = CallerSettings(
            self.issuer, TokenRequest("partner", resource=self.resource), self.trust_bundle
        )
        begun: Callable[..., Exchange] = _exchange(url, correlation_id)
        try:
            with Caller(GenerationStore(self.certificates), settings) as caller:
                response = caller.request("GET", url, correlation_id=correlation_id)
        except ServerRefused as refused:
            heard = [each for middle in listening for each in middle.heard]
            return begun(alert=f"heard {len(heard)} requests" if heard else NOT_SENT, refusal=refused.refusal)
        except CallFailed as failed:
            return begun(alert=str(failed))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return begun(status=response.status_code, headers=headers, body=response.content)


def _exchange(url: str, correlation_id: str) -> Callable[..., Exchange]:
    started_at = datetime.now(UTC)
    return lambda **members: Exchange("GET", url, correlation_id, "", started_at, **members)
