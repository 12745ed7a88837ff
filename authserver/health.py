"""``GET /health``: whether this server can issue tokens now."""

from authserver.keys.signing_keys import KeyRing
from authserver.keys.store import signing_key_store
from operations.status.health import database, healthy_with
from sender_constraint.django.trust import trust_anchors


def _signing_keys() -> KeyRing:
    return signing_key_store().load()


health = healthy_with(_signing_keys, trust_anchors, database)
