"""The keys with which a Django service signs as a client: declared in its settings, turned in the background.

In ``settings.py``::

    TOKEN_BINDING = environment.text("TOKEN_BINDING", MTLS)
    CLIENT_AUTH_METHOD = environment.text("CLIENT_AUTH_METHOD", TLS_CLIENT_AUTH)
    CLIENT_KEYS = declared_keys(environment, TOKEN_BINDING, CLIENT_AUTH_METHOD)

A DPoP key (RFC 9449) serves at once, since nobody registers it. A key for assertions (RFC 7523) is published
for ``CLIENT_KEY_LEAD_SECONDS`` before it signs, so that the authorization server has read it by then.
"""

import logging

from django.conf import settings

from operations.audit.trail import trail
from operations.settings.environment import ServiceEnvironment
from operations.tasks.background import BackgroundTask, background_task
from operations.tasks.ledger import Run
from sender_constraint.client.key_store import KeyStore
from sender_constraint.client.signing import SigningKeys
from sender_constraint.core.clock import utc_now

TASK = "client-keys"

MTLS = "mtls"
DPOP = "dpop"
BINDINGS = (MTLS, DPOP)
TLS_CLIENT_AUTH = "tls_client_auth"
PRIVATE_KEY_JWT = "private_key_jwt"
# On the wire, the two by certificate are the same.
METHODS = (TLS_CLIENT_AUTH, "self_signed_tls_client_auth", PRIVATE_KEY_JWT)

logger = logging.getLogger(__name__)


def declared_keys(environment: ServiceEnvironment, binding: str, method: str) -> SigningKeys:
    """The stores that a binding and a method of authentication need, in the service's state directory.

    ``CLIENT_KEY_LIFETIME_SECONDS``: after so many a key's successor is born.
    """
    #: Seconds after which a key for DPoP proofs or client assertions is replaced.
    lifetime = environment.number("CLIENT_KEY_LIFETIME_SECONDS", 86400)
    #: Seconds for which a new key for assertions is published before it signs.
    lead = environment.number("CLIENT_KEY_LEAD_SECONDS", 300)
    folder = environment.state / "keys"
    return SigningKeys(
        dpop=KeyStore(folder / "dpop", lifetime) if binding == DPOP else None,
        assertion=KeyStore(folder / "assertion", lifetime, lead) if method == PRIVATE_KEY_JWT else None,
    )


def needs_certificate(binding: str, method: str) -> bool:
    """Whether a client with these settings has to present a certificate: by keys alone it need not."""
    return (binding, method) != (DPOP, PRIVATE_KEY_JWT)


def client_key_turning(keys: SigningKeys, seconds: float) -> list[BackgroundTask]:
    """The task that looks at these keys, so often; none where nothing is signed."""
    what = "rotates this service's client keys"
    signs = keys.dpop is not None or keys.assertion is not None
    return [BackgroundTask(TASK, __name__, seconds, what)] if signs else []


@background_task(TASK)
def turn_client_keys(run: Run) -> None:
    """Do what is due for each store: a first key, a successor, the end of one that is done. Idempotent."""
    stores = declared_key_stores()

    def turn(purpose: str) -> None:
        born = stores[purpose].turn(utc_now())
        if born is None:
            return
        run.found(f"{purpose}: a new key was due")
        run.has_done(f"{purpose}: {born}")
        logger.info("a new key for %s: %s", purpose, born)
        trail().record("client-key.born", "accepted", detail={"purpose": purpose, "key_thumbprint": born})

    run.each(stores, turn, lambda purpose: f"the keys for {purpose}")


def declared_key_stores() -> dict[str, KeyStore]:
    """The stores in the setting ``CLIENT_KEYS``, by purpose."""
    keys: SigningKeys = settings.CLIENT_KEYS
    stores = {"dpop": keys.dpop, "assertion": keys.assertion}
    return {purpose: store for purpose, store in stores.items() if store is not None}
