"""The partner's own client code against real servers: bound and authenticated by certificate and by key."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.key_store import KeyStore
from sender_constraint.client.observer import CallerObserver
from sender_constraint.client.signing import SigningKeys
from sender_constraint.client.token_source import TokenRequest
from tests.e2e.second_service import SecondService, own_configuration
from tests.waiting import eventually
from workshop.calls import Call
from workshop.catalogue.dpop_api import presenting
from workshop.environment.deployment import Deployment
from workshop.environment.ports import free_port
from workshop.loot import Cast
from workshop.proofs import ABSENT
from workshop.story.stage import Stage
from workshop.wire import NO_CREDENTIALS

LONG = 86400.0


@pytest.fixture
def dpop_keys(tmp_path: Path) -> KeyStore:
    keys = KeyStore(tmp_path / "dpop", LONG)
    keys.turn(datetime.now(UTC) - timedelta(seconds=1))
    return keys


def assertion_keys(deployment: Deployment, client_id: str, folder: Path) -> KeyStore:
    """The key under which the demo registers this client."""
    jwk = json.loads((deployment.states["own_client"] / f"{client_id}.jwk.json").read_text())
    key = jwt.PyJWK(jwk).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    keys = KeyStore(folder / "assertion", LONG)
    assert keys.keep(key, datetime.now(UTC)) == jwk["kid"]
    return keys


def caller(
    deployment: Deployment, client_id: str, keys: SigningKeys, observer: CallerObserver | None = None
) -> Caller:
    settings = CallerSettings(
        deployment.issuer,
        TokenRequest(client_id, "accounts", deployment.api_url),
        deployment.trust_bundle,
        keys=keys,
    )
    return Caller(
        GenerationStore(deployment.certificate_store("partner_client")), settings, observer=observer
    )


@pytest.mark.clause("FAPI 2.0 §5.3.3.1")
@pytest.mark.parametrize(
    ("client_id", "signs", "bound"),
    [
        ("partner", False, False),
        ("dpop-client", False, True),
        ("jwt-mtls-client", True, False),
        ("jwt-client", True, True),
    ],
)
def test_the_partner_calls_in_each_combination_of_authentication_and_binding(
    deployment: Deployment, dpop_keys: KeyStore, tmp_path: Path, client_id: str, signs: bool, bound: bool
) -> None:
    keys = SigningKeys(
        dpop=dpop_keys if bound else None,
        assertion=assertion_keys(deployment, client_id, tmp_path) if signs else None,
    )
    with caller(deployment, client_id, keys) as partner:
        responses = [partner.request("GET", f"{deployment.api_url}/accounts") for _ in range(3)]
    assert [response.status_code for response in responses] == [200] * 3


class Swaps(CallerObserver):
    """Counts the bindings that came into use."""

    def __init__(self) -> None:
        self.count = 0

    def swapped(self, previous: object, current: object) -> None:
        del previous, current
        self.count += 1


@pytest.mark.clause("RFC 9449 §5")
def test_no_call_fails_while_the_key_of_the_proofs_turns(deployment: Deployment, dpop_keys: KeyStore) -> None:
    swaps = Swaps()
    with (
        caller(deployment, "dpop-client", SigningKeys(dpop=dpop_keys), swaps) as partner,
        ThreadPoolExecutor(4) as threads,
    ):

        def call(_number: int) -> int:
            return partner.request("GET", f"{deployment.api_url}/accounts").status_code

        statuses: Counter[int] = Counter()
        for turned in range(1, 4):
            statuses.update(threads.map(call, range(20)))
            dpop_keys.keep(ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC))
            call(0)
            eventually(lambda turned=turned: swaps.count > turned, "the new key is in use")  # type: ignore[misc]
        statuses.update(threads.map(call, range(20)))
    assert statuses == {200: 80}


@pytest.fixture(scope="module")
def demanding(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondService]:
    """A second API, which demands a nonce."""
    log = tmp_path_factory.mktemp("demanding") / "bank_api.log"
    variables = {"DPOP_NONCE_REQUIRED": "true"}
    service = SecondService.start(deployment, "bank_api", own_configuration("bank_api"), variables, log)
    try:
        service.wait_until_healthy(deployment.trust_bundle)
        yield service
    finally:
        service.stop()


@pytest.mark.clause("RFC 9449 §9")
def test_an_api_that_demands_a_nonce_gives_it_and_takes_it(
    demanding: SecondService, stage: Stage, cast: Cast
) -> None:
    holder = cast.holder
    call = Call("GET", f"{demanding.origin}/accounts", None, NO_CREDENTIALS)
    refused = presenting(call, holder.token, holder.proof(nonce=ABSENT)).send(stage.wire)
    assert (refused.status, refused.error) == (401, "use_dpop_nonce")
    assert stage.audit.about(refused).rule == "dpop.nonce"
    assert 'error="use_dpop_nonce"' in refused.headers["www-authenticate"]
    nonce = refused.headers["dpop-nonce"]

    taken = presenting(call, holder.token, holder.proof(nonce=nonce)).send(stage.wire)
    assert taken.status == 200
    made_up = presenting(call, holder.token, holder.proof(nonce="made up")).send(stage.wire)
    assert (made_up.status, made_up.error) == (401, "use_dpop_nonce")


@pytest.fixture
def forgetful(deployment: Deployment, tmp_path: Path) -> Iterator[SecondService]:
    """A second API, whose Redis is away."""
    variables = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    configuration = own_configuration("bank_api")
    service = SecondService.start(deployment, "bank_api", configuration, variables, tmp_path / "bank_api.log")
    try:
        service.wait_until_healthy(deployment.trust_bundle)
        yield service
    finally:
        service.stop()


@pytest.mark.clause("RFC 9449 §11.1")
def test_while_redis_is_away_calls_by_certificate_go_on_and_proofs_are_never_accepted(
    forgetful: SecondService, stage: Stage, cast: Cast
) -> None:
    by_certificate = Call("GET", f"{forgetful.origin}/accounts", cast.partner.token, cast.partner.credentials)
    by_key = Call("GET", by_certificate.url, None, NO_CREDENTIALS)
    for _ in range(3):
        refused = presenting(by_key, cast.holder.token, cast.holder.proof()).send(stage.wire)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert stage.audit.about(refused).rule == "service.replay-memory"
        assert by_certificate.send(stage.wire).status == 200


@pytest.mark.clause("RFC 9449 §11.1")
def test_of_many_who_show_one_proof_at_once_one_is_served(
    stage: Stage, cast: Cast, deployment: Deployment
) -> None:
    call = Call("GET", f"{deployment.api_url}/accounts", None, NO_CREDENTIALS)
    once = presenting(call, cast.holder.token, cast.holder.proof())
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _number: once.send(stage.wire), range(16)))
    assert sorted(Counter(each.status for each in answers).items()) == [(200, 1), (401, 15)]
    refused = {stage.audit.about(each).rule for each in answers if each.status == 401}
    assert refused == {"dpop.replayed"}
