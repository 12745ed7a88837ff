"""In the background: the signing keys of this server turn."""

from django.conf import settings
from django.db.models import Max

from authserver.clients.models import Client
from authserver.keys.phases import TurningPolicy
from authserver.keys.schedule import TASK
from authserver.keys.store import NoSigningKey, signing_key_store
from authserver.keys.turning import Turning
from operations.alarms.service import alarms
from operations.tasks.background import background_task
from operations.tasks.ledger import Run
from sender_constraint.core.clock import utc_now

ALARM = "signing-key"


@background_task(TASK)
def turn_signing_keys(run: Run) -> None:
    """Do what is due. Idempotent, and one worker at a time."""
    try:
        turning().look(run)
    except NoSigningKey as error:
        run.failed(str(error))
        alarms().raised(ALARM, "critical", f"No usable signing key; no tokens are issued: {error}")
    else:
        alarms().cleared(ALARM)


def turning() -> Turning:
    """The turning of this server's keys, as its settings say."""
    return Turning(signing_key_store(), turning_policy(), longest_token_seconds, utc_now)


def turning_policy() -> TurningPolicy:
    """By the settings ``SIGNING_KEY_LIFETIME_SECONDS`` and ``JWKS_MAX_AGE_SECONDS``."""
    return TurningPolicy.of(settings.SIGNING_KEY_LIFETIME_SECONDS, settings.JWKS_MAX_AGE_SECONDS)


def longest_token_seconds() -> int:
    """The longest lifetime of any token that may be issued now. Raises OperationalError."""
    registered = Client.objects.aggregate(longest=Max("access_token_lifetime_seconds"))["longest"]
    return max(settings.ACCESS_TOKEN_LIFETIME_SECONDS, registered or 0)
