"""A token that its owner revokes: RFC 7009 (https://www.rfc-editor.org/rfc/rfc7009)."""

import time
from urllib.parse import urlencode

from workshop.story.partner import FORM, Partner, metadata
from workshop.story.stage import Stage, StoryStopped, outcome_of

# The promise: so long after a revocation every process of every API refuses.
PROMISE_SECONDS = 5.0


def revoke(stage: Stage, partner: Partner, client_id: str, token: str) -> None:
    """Revoke a token of the partner's. Raises StoryStopped if the authorization server refuses."""
    endpoint = metadata(stage)["mtls_endpoint_aliases"]["revocation_endpoint"]
    form = urlencode({"client_id": client_id, "token": token}).encode()
    exchange = stage.wire.send("POST", endpoint, partner.credentials, headers=FORM, body=form)
    if exchange.status != 200:
        raise StoryStopped(f"the token was not revoked: {outcome_of(exchange)}")


def revoked_token(stage: Stage, partner: Partner, client_id: str) -> str:
    """A token of the partner's, once its revocation is known everywhere."""
    token = partner.token(stage, client_id)
    revoke(stage, partner, client_id, token)
    stage.narrator.explain(
        f"A revoked token is refused everywhere within {PROMISE_SECONDS:.0f} seconds, which have to pass."
    )
    time.sleep(PROMISE_SECONDS)
    return token
