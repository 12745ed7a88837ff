"""Two partners of one bank: nothing of one is visible to the other, neither in answers nor in their time."""

import http.client
import math
import ssl
import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.verdict import Verdict
from tests.waiting import eventually
from workshop.calls import Call
from workshop.catalogue.partners import new_key, own_account, own_payment, paying, payment_from
from workshop.catalogue.token_requests import token_request
from workshop.environment.deployment import Deployment
from workshop.loot import Cast, Member
from workshop.story.stage import Stage
from workshop.thief import told

NOTHING = str(uuid.UUID(int=11, version=4))

# One look into a table more, or less, makes a call longer, or shorter, by more than this.
LARGEST_RATIO = 1.08
# Pairs of calls: so many at first, and more where the machine is busy with something else. What disturbs the
# calls goes under in the middle of many; a true difference stays.
PAIRS, MOST_PAIRS = 100, 600


def accounts_of(cast: Cast, member: Member) -> Call:
    return Call("GET", f"{cast.targets.api}/accounts", member.token, member.credentials)


@pytest.mark.clause("RFC 9700 §2.3")
def test_each_partner_lists_its_own_accounts_and_none_of_the_others(stage: Stage, cast: Cast) -> None:
    listed = [
        {account["id"] for account in accounts_of(cast, member).send(stage.wire).json()["accounts"]}
        for member in (cast.partner, cast.other)
    ]

    assert all(listed)
    assert cast.partner.holdings.account in listed[0]
    assert listed[0].isdisjoint(listed[1])


@pytest.mark.clause("draft-ietf-httpapi-idempotency-key-header-07 §2.2")
def test_the_same_idempotency_key_of_two_partners_is_two_keys(
    stage: Stage, cast: Cast, verdict: Verdict
) -> None:
    key = cast.loot.overheard_key()
    own = paying(own_payment(cast), payment_from(cast.other.holdings.account), key).send(stage.wire)

    assert own.status == 201, own.body
    event = verdict.accepted(own, "api.call", 201)
    assert event["detail"]["replayed"] is False
    assert own.json()["debtor_account"] == cast.other.holdings.account


@pytest.mark.clause("RFC 9700 §2.3")
def test_a_client_that_is_anothers_and_one_that_is_nobodys_get_one_answer(stage: Stage, cast: Cast) -> None:
    request = token_request(cast, cast.other)
    of_partner = request.with_form(client_id="partner").send(stage.wire)
    of_nobody = request.with_form(client_id="nobody").send(stage.wire)

    assert of_partner.status == 401
    assert told(of_partner) == told(of_nobody)


@contextmanager
def kept_open(call: Call, trust_bundle: Path) -> Iterator[Callable[[Call], tuple[int, float]]]:
    """A connection over which calls are timed; a handshake for each would take longer than they do."""
    context = ssl.create_default_context(cafile=str(trust_bundle))
    assert call.credentials.certificate is not None
    context.load_cert_chain(call.credentials.certificate, call.credentials.private_key)
    address = urlsplit(call.url)
    connection = http.client.HTTPSConnection(str(address.hostname), address.port, context=context)

    def timed(each: Call) -> tuple[int, float]:
        headers = dict(each.headers)
        if each.token is not None:
            headers["Authorization"] = f"Bearer {each.token}"
        began = time.perf_counter()
        connection.request(each.method, urlsplit(each.url).path, body=each.body, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status, time.perf_counter() - began

    try:
        yield timed
    finally:
        connection.close()


Asked = Callable[[Cast, str], Call]


def reading(path: str) -> Asked:
    return lambda cast, identifier: own_account(cast).at(path.format(identifier))


def paying_from(cast: Cast, account: str) -> Call:
    return paying(own_payment(cast), payment_from(account), new_key())


def asking_as(cast: Cast, client_id: str) -> Call:
    return token_request(cast, cast.other).with_form(client_id=client_id)


@pytest.mark.clause("RFC 9700 §2.3")
@pytest.mark.parametrize(
    ("asked", "anothers"),
    [
        pytest.param(reading("/accounts/{}"), lambda cast: cast.partner.holdings.account, id="an account"),
        pytest.param(
            reading("/accounts/{}/balances"), lambda cast: cast.partner.holdings.account, id="its balances"
        ),
        pytest.param(
            reading("/accounts/{}/transactions"),
            lambda cast: cast.partner.holdings.account,
            id="its bookings",
        ),
        pytest.param(reading("/payments/{}"), lambda cast: cast.partner.holdings.payment, id="a payment"),
        pytest.param(paying_from, lambda cast: cast.partner.holdings.account, id="a payment from it"),
        pytest.param(asking_as, lambda _cast: "partner", id="a registration"),
    ],
)
def test_what_is_anothers_takes_as_long_as_what_does_not_exist(
    deployment: Deployment, cast: Cast, asked: Asked, anothers: Callable[[Cast], str]
) -> None:
    one, other = asked(cast, anothers(cast)), asked(cast, NOTHING)
    logarithms: list[float] = []

    with kept_open(one, deployment.trust_bundle) as timed:
        while not logarithms or (differ(logarithms) and len(logarithms) < MOST_PAIRS):
            logarithms += [timed_pair(timed, one, other, turn) for turn in range(PAIRS)]

    assert not differ(logarithms), math.exp(statistics.median(logarithms))


def differ(logarithms: Sequence[float]) -> bool:
    return abs(statistics.median(logarithms)) > math.log(LARGEST_RATIO)


def timed_pair(timed: Callable[[Call], tuple[int, float]], one: Call, other: Call, turn: int) -> float:
    """How many times as long the one takes as the other that is made beside it, as a logarithm."""
    seconds: dict[bool, float] = {}
    # Neither is always the first of the two.
    for is_one in (True, False) if turn % 2 else (False, True):
        status, seconds[is_one] = eventually_answered(timed, one if is_one else other)
        assert status in (401, 404, 422)
    return math.log(seconds[True] / seconds[False])


def eventually_answered(timed: Callable[[Call], tuple[int, float]], call: Call) -> tuple[int, float]:
    """Status and time of the first answer that is one: a busy machine may have had none, which is 503."""

    def answered() -> tuple[int, float] | None:
        status, seconds = timed(fresh(call))
        return None if status == 503 else (status, seconds)

    return eventually(answered, "the service has an answer")


def fresh(call: Call) -> Call:
    """With an Idempotency-Key of its own, where it has one: an outcome that is kept takes less time."""
    paid = any(name == "Idempotency-Key" for name, _ in call.headers)
    return call.with_header("Idempotency-Key", new_key()) if paid else call
