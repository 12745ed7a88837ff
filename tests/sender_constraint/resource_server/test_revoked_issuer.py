"""The keys of an authorization server whose own certificate is revoked are not fetched any more."""

from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.tls import client_context
from sender_constraint.core.errors import Refusal
from sender_constraint.core.revocation import State
from sender_constraint.resource_server.issuer_keys import IssuerKeys, KeysUnavailable
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.statuses import Statuses
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer

PUBLIC_KEY = ec.generate_private_key(ec.SECP256R1()).public_key()


def issuer(asked: Asked) -> Answer:
    origin = f"https://{asked.headers['host']}"
    if asked.path == "/jwks":
        jwk = ECAlgorithm.to_jwk(PUBLIC_KEY, as_dict=True)
        return Answer(200, {"keys": [{**jwk, "kid": "key-1", "alg": "ES256"}]})
    return Answer(200, {"issuer": origin, "jwks_uri": f"{origin}/jwks"})


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_keys_are_fetched_from_a_good_issuer_and_not_from_a_revoked_one(tmp_path: Path) -> None:
    authority, statuses, refused = Authority(tmp_path), Statuses(), list[str]()

    def note(server: str, refusal: Refusal) -> None:
        refused.append(f"{server} {refusal.rule.identifier}")

    context = client_context(authority.trust_bundle, servers=ServerStatus(statuses, note))
    with (
        TLSServer(authority.server_context(), issuer) as server,
        httpx.Client(verify=context, trust_env=False) as client,
    ):
        good = IssuerKeys(server.origin, client)
        assert good.key("key-1") is not None
        seen = len(server.asked)
        statuses.say(authority.server_certificates[0], State.REVOKED)

        with pytest.raises(KeysUnavailable, match="has been revoked"):
            IssuerKeys(server.origin, client).key("key-1")

        assert len(server.asked) == seen
        assert refused == [f"{server.origin.removeprefix('https://')} certificate.revoked"]
        # What was fetched while it was good goes on for as long as it is fresh.
        assert good.key("key-1") is not None
