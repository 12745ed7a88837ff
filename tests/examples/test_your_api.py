"""An API that existed before, and the diff that puts the library in front of it: over real TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sender_constraint.certificates.placed import PlacedFiles
from tests.examples.installed import Installed
from tests.examples.orders import DIFF, RESOURCE, Orders, credentials_of, served, thumbprint_of
from tests.examples.proofs import JKT, proof_of
from tests.foreign.authorization_server import ForeignServer, placed
from tests.redis_server import running_redis
from tests.sender_constraint.responder import Responder
from tests.waiting import eventually
from workshop.environment.ports import free_port
from workshop.wire import NO_CREDENTIALS

LONGEST_DIFF = 20


@pytest.fixture(scope="module")
def before(
    tmp_path_factory: pytest.TempPathFactory,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
) -> Iterator[Orders]:
    with served(tmp_path_factory.mktemp("before"), issuer, responder, installed, patched=False) as running:
        yield running


@pytest.fixture(scope="module")
def after(
    tmp_path_factory: pytest.TempPathFactory,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
) -> Iterator[Orders]:
    with served(tmp_path_factory.mktemp("after"), issuer, responder, installed, patched=True) as running:
        yield running


def test_the_diff_has_at_most_twenty_lines() -> None:
    lines = [line for line in DIFF.read_text().splitlines() if not line.startswith(("+++", "---"))]
    changed = [line for line in lines if line.startswith(("+", "-"))]
    assert 0 < len(changed) <= LONGEST_DIFF


def test_before_it_a_stolen_token_works(before: Orders, token: str) -> None:
    stolen = before.get(token)
    assert (stolen.status, stolen.json()) == (200, {"orders": ["order-1", "order-2"]})


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_the_partner_calls_on_as_before(after: Orders, token: str, partner: PlacedFiles) -> None:
    answer = after.get(token, credentials_of(partner))
    assert (answer.status, answer.json()) == (200, {"orders": ["order-1", "order-2"]})


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_a_stolen_token_is_refused_for_its_reason(
    after: Orders, token: str, thief: PlacedFiles
) -> None:
    for credentials, rule in (
        (NO_CREDENTIALS, "binding.certificate-missing"),
        (credentials_of(thief), "binding.certificate"),
    ):
        refused = after.get(token, credentials)
        assert (refused.status, refused.error) == (401, "invalid_token")
        assert refused.headers["www-authenticate"].startswith('Bearer realm="https://orders.example"')
        assert after.recorded(refused)["rule"] == rule


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_an_unbound_token_is_refused(
    after: Orders, issuer: ForeignServer, partner: PlacedFiles
) -> None:
    refused = after.get(issuer.token(None), credentials_of(partner))
    assert (refused.status, refused.error) == (401, "invalid_token")
    assert after.recorded(refused)["rule"] == "binding.unbound"


@pytest.mark.clause("RFC 6750 §3.1")
def test_after_it_the_scope_of_a_view_is_demanded_still(
    after: Orders, issuer: ForeignServer, partner: PlacedFiles
) -> None:
    other = issuer.token(thumbprint_of(partner), scope="something else")
    refused = after.get(other, credentials_of(partner))
    assert (refused.status, refused.error) == (403, "insufficient_scope")


def test_after_it_the_api_answers_its_own_errors_as_before(
    after: Orders, token: str, partner: PlacedFiles
) -> None:
    posted = after.get(token, credentials_of(partner), "POST")
    assert (posted.status, posted.json()) == (405, {"detail": 'Method "POST" not allowed.'})


def test_a_certificate_that_is_put_in_place_is_served_without_a_restart(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed
) -> None:
    with served(tmp_path, issuer, responder, installed, patched=True) as orders:
        generations = orders.state / "certificates" / "server" / "generations"
        assert len(list(generations.iterdir())) == 1
        placed(issuer.authority, tmp_path, "orders-server", server=True)
        eventually(lambda: len(list(generations.iterdir())) == 2, "no new generation")
        assert orders.get(None).status == 401


@pytest.mark.clause("RFC 9449 §7.1")
def test_after_it_dpop_bound_tokens_count_with_their_proof_once(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed, partner: PlacedFiles
) -> None:
    token, htu = issuer.token(None, jkt=JKT), f"{RESOURCE}/orders"
    port = free_port()
    api = served(
        tmp_path, issuer, responder, installed, patched=True, redis_url=f"redis://127.0.0.1:{port}/0"
    )
    with api as orders:
        with running_redis(port, tmp_path):
            # Redis has just started, and may have forgotten: the API asks for its nonce first.
            asked = orders.proven(token, proof_of(htu, token))
            assert (asked.status, asked.error) == (401, "use_dpop_nonce")
            assert orders.recorded(asked)["rule"] == "dpop.use-unknown"
            proof = proof_of(htu, token, nonce=asked.headers["dpop-nonce"])
            assert orders.proven(token, proof).status == 200
            for presented, rule in ((proof, "dpop.replayed"), (None, "dpop.missing")):
                refused = orders.proven(token, presented)
                assert (refused.status, refused.error) == (401, "invalid_dpop_proof")
                assert orders.recorded(refused)["rule"] == rule
            downgraded = orders.get(token)
            assert orders.recorded(downgraded)["rule"] == "binding.dpop-token-as-bearer"
        # Without its memory nothing is said about a proof; who needs none calls on.
        assert orders.proven(token, proof_of(htu, token)).status == 503
        bound = issuer.token(thumbprint_of(partner))
        assert orders.get(bound, credentials_of(partner)).status == 200
