"""The signing keys among what expires at this server."""

from collections.abc import Iterator

from authserver.keys.phases import KeyLife, TurningPolicy
from authserver.keys.store import NoSigningKey, signing_key_store
from authserver.keys.tasks import turning_policy
from operations.expiries.levels import Expiry, Thresholds

# A key goes on signing past its time until the next one takes over: nothing breaks, but somebody should look.
OVERDUE = Thresholds("by turning", notice=-1 / 10, warning=-3 / 10, critical=-1)


def signing_keys() -> Iterator[Expiry]:
    """Each key, in its phase."""
    store, policy = signing_key_store(), turning_policy()
    try:
        store.load()
    except NoSigningKey as missing:
        yield Expiry("signing-key", "signing key", None, None, str(missing), watched=False)
        return
    for life in sorted(store.lives().values(), key=lambda life: life.published_at):
        yield _expiry(life, policy)


def _expiry(life: KeyLife, policy: TurningPolicy) -> Expiry:
    what = f"signing key {life.kid[:8]}"
    match life.phase:
        case "signing":
            until = life.signs_until(policy)
            return Expiry("signing-key", what, life.signs_from, until, "signing", OVERDUE)
        case "retiring":
            until = life.retired_at()
            return Expiry("retiring-key", what, life.signed_until, until, "retiring", None)
        case "published":
            ahead = life.may_sign_at(policy)
            return Expiry("next-key", what, life.published_at, ahead, "published, may sign from then", None)
        case "withdrawn":
            return Expiry("withdrawn-key", what, life.published_at, life.withdrawn_at, "withdrawn", None)
