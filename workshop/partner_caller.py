"""The partner's own caller, made from what is known of a deployment: for traffic that the workshop plays."""

from pathlib import Path
from typing import Any

from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.ocsp_cache import OCSPCache
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.observer import CallerObserver
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.core.events import Level

REVOCATION_SECONDS = 5.0


class _Unheard:
    """Alarms of a caller that is no service: its calls fail, and that is counted."""

    def raise_alarm(self, name: str, level: Level, message: str, **detail: Any) -> None:
        """Nobody listens."""

    def clear_alarm(self, name: str) -> None:
        """Nobody listens."""


def partner_caller(
    *,
    store: Path,
    issuer: str,
    api_url: str,
    ca_public_url: str,
    trust_bundle: Path,
    observer: CallerObserver,
) -> Caller:
    """Calls as ``partner_client`` does: it checks the servers' certificates too. To be closed."""
    statuses = OCSPCache(f"{ca_public_url}/ocsp", REVOCATION_SECONDS, alarms=_Unheard())
    return Caller(
        GenerationStore(store),
        CallerSettings(
            issuer=issuer,
            token_request=TokenRequest("partner", "accounts payments", api_url),
            trust_bundle=trust_bundle,
        ),
        servers=ServerStatus(statuses, lambda _server, _refusal: None),
        observer=observer,
    )
