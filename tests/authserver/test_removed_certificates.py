"""RFC 8705 §2.2.2: no client's server holds up the revocation of another client's tokens."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
import pytest

from authserver.client_authentication import tasks
from authserver.client_authentication.certificate_fetches import FETCHES_AT_ONCE, CertificateFetches
from authserver.client_authentication.fetched_keys import FetchedKeys
from authserver.client_authentication.schedule import TASK
from authserver.clients.models import Client
from authserver.clients.registered_client import RegisteredClient
from authserver.issued_tokens.register import find
from operations.alarms.service import alarms
from operations.tasks import background
from operations.tasks.background import ITEM_FAILED
from operations.tasks.ledger import Ledger
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.authserver.caller import Caller, Verdict
from tests.authserver.test_fetched_keys import OWN_BY_ADDRESS, POLICY, PROMISE_SECONDS
from tests.authserver.test_rfc8705_self_signed import NEXT, OWN, STRANGERS, keys
from tests.sender_constraint.odd_der import CERTIFICATES, odd

WAIT_SECONDS = 0.3
# The bad client's name sorts first, and so does its row.
BAD, GOOD = "a-bad-client", "good-client"


def failing() -> httpx.Response:
    raise RuntimeError("a defect, for once")


BAD_ANSWERS: dict[str, Callable[[], httpx.Response]] = {
    **{
        f"a certificate with {name}": partial(httpx.Response, 200, json=keys(odd(name, STRANGERS, STRANGERS)))
        for name in CERTIFICATES
    },
    "no JSON": lambda: httpx.Response(200, content=b"<html>"),
    "JSON in the depth": lambda: httpx.Response(200, content=b"[" * 60_000),
    "a redirection": lambda: httpx.Response(302, headers={"Location": "https://keys.example/elsewhere"}),
    "too much": lambda: httpx.Response(200, content=b" " * 70_000),
    "an exception that nobody foresaw": failing,
}


@dataclass
class Publishers:
    """The web servers of both clients."""

    answers: dict[str, Callable[[], httpx.Response]] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        return self.answers[request.url.path]()


@dataclass
class TwoClients:
    publishers: Publishers
    tokens: dict[str, str]

    def good_one_withdraws(self) -> None:
        self.publishers.answers[f"/{GOOD}"] = lambda: httpx.Response(200, json=keys(NEXT))

    def is_revoked(self, client_id: str) -> bool:
        found = find(self.tokens[client_id])
        assert found is not None
        return found.revoked_at is not None


@pytest.fixture
def two_clients(
    registered: Callable[..., RegisteredClient],
    now: list[datetime],
    verdict: Verdict,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[TwoClients]:
    """Each with a token that is bound to its certificate; both publish what they have."""
    publishers = Publishers()
    fetched = FetchedKeys(
        httpx.Client(transport=httpx.MockTransport(publishers)), ("keys.example",), PROMISE_SECONDS
    )
    for module in ("fetched_keys", "tasks"):
        monkeypatch.setattr(f"authserver.client_authentication.{module}.own_fetched_keys", lambda: fetched)
    fetches = CertificateFetches(tasks.registered_thumbprints, WAIT_SECONDS)
    monkeypatch.setattr(tasks, "own_fetches", lambda: fetches)
    monkeypatch.setattr(tasks, "utc_now", lambda: now[0])
    monkeypatch.setattr(background, "_told", {})
    history = Ledger(tmp_path / "background")
    monkeypatch.setattr(background, "ledger", lambda: history)
    monkeypatch.setattr("tests.authserver.conftest.POLICY", POLICY)
    tokens = {}
    for client_id, certificate in ((BAD, STRANGERS), (GOOD, OWN)):
        publishers.answers[f"/{client_id}"] = partial(httpx.Response, 200, json=keys(certificate))
        address = f"https://keys.example/{client_id}"
        registered(**OWN_BY_ADDRESS | {"client_id": client_id, "jwks_uri": address})
        tokens[client_id] = verdict.accepted(Caller(client_id, (certificate.der,)).asks())["access_token"]
    yield TwoClients(publishers, tokens)
    alarms().cleared(f"task-{TASK}")


@pytest.mark.clause("RFC 8705 §2.2.2")
@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_withdrawn_certificates_tokens_end_though_another_clients_address_is_bad(
    two_clients: TwoClients, verdict: Verdict, answer: Callable[[], httpx.Response]
) -> None:
    tasks.follow_removed_certificates()
    assert background.ledger().read(TASK).runs[0].ended == "done"
    two_clients.publishers.answers[f"/{BAD}"] = answer
    two_clients.good_one_withdraws()
    tasks.follow_removed_certificates()
    assert two_clients.is_revoked(GOOD)
    assert not two_clients.is_revoked(BAD)

    # The failure is in the task history, in the audit trail and among the alarms.
    (last, *_) = background.ledger().read(TASK).runs
    item = f"the certificates of {BAD} at https://keys.example/{BAD}"
    assert last.ended == "failed"
    assert (last.error or "").startswith(f"{item}: ")
    assert last.did == (f"revoked 1 tokens of {GOOD}, bound to {certificate_thumbprint(OWN.der)}",)
    (event,) = [each for each in verdict.trail.events() if each["event"] == ITEM_FAILED]
    assert event["detail"] == {"task": TASK, "item": item}
    (alarm,) = [each for each in alarms().standing() if each.name == f"task-{TASK}"]
    assert alarm.level == "warning"
    assert item in alarm.message


def test_an_item_that_fails_again_and_again_is_told_once_and_the_alarm_ends_with_it(
    two_clients: TwoClients, verdict: Verdict
) -> None:
    two_clients.publishers.answers[f"/{BAD}"] = failing
    for _ in range(3):
        tasks.follow_removed_certificates()
    assert sum(each["event"] == ITEM_FAILED for each in verdict.trail.events()) == 1
    two_clients.publishers.answers[f"/{BAD}"] = lambda: httpx.Response(200, json=keys(STRANGERS))
    tasks.follow_removed_certificates()
    assert not any(each.name == f"task-{TASK}" for each in alarms().standing())


def test_a_row_that_cannot_be_read_stops_no_other(two_clients: TwoClients) -> None:
    Client.objects.filter(client_id=BAD).update(grant_types=7)
    two_clients.good_one_withdraws()
    tasks.follow_removed_certificates()
    assert two_clients.is_revoked(GOOD)
    assert BAD in (background.ledger().read(TASK).runs[0].error or "")


def test_a_server_that_does_not_answer_holds_up_nobody_and_is_heard_when_it_does(
    two_clients: TwoClients,
) -> None:
    release = threading.Event()

    def slow() -> httpx.Response:
        release.wait(30)
        return httpx.Response(200, json=keys(NEXT))

    try:
        two_clients.publishers.answers[f"/{BAD}"] = slow
        two_clients.good_one_withdraws()
        tasks.follow_removed_certificates()
        assert two_clients.is_revoked(GOOD)
        assert not two_clients.is_revoked(BAD)
    finally:
        release.set()
    deadline = threading.Event()
    for _ in range(100):
        tasks.follow_removed_certificates()
        if two_clients.is_revoked(BAD):
            break
        deadline.wait(0.05)
    assert two_clients.is_revoked(BAD)


@dataclass
class Asking:
    """Answers for clients, some of which wait until they are released."""

    release: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def __call__(self, client: Client) -> frozenset[str]:
        self.asked.append(client.client_id)
        if client.client_id.startswith("slow"):
            self.release.wait(30)
        return frozenset()


@pytest.fixture
def asking() -> Iterator[Asking]:
    asking = Asking()
    yield asking
    asking.release.set()


def clients(*names: str) -> dict[str, Client]:
    return {name: Client(client_id=name) for name in names}


def answered(fetches: CertificateFetches, known: dict[str, Client]) -> set[str]:
    fetches.begin(known, {name: {"bound"} for name in known})
    return {each.client.client_id for each in fetches.answered()}


def test_slow_clients_have_one_question_under_way_and_a_lane_of_their_own(asking: Asking) -> None:
    fetches = CertificateFetches(asking, WAIT_SECONDS)
    slow = clients(*(f"slow-{number}" for number in range(2 * FETCHES_AT_ONCE)))
    answered(fetches, slow)
    assert len(asking.asked) <= FETCHES_AT_ONCE
    # They fill their first lane once; from then on they are asked in the other one.
    asking.release.set()
    seen: set[str] = set()
    while seen != set(slow):
        seen |= {each.client.client_id for each in fetches.answered()}
    asking.release.clear()
    asking.asked.clear()
    assert answered(fetches, slow | clients("prompt")) == {"prompt"}
    assert len(asking.asked) <= FETCHES_AT_ONCE + 1


def test_who_answers_in_time_again_is_waited_for_again(asking: Asking) -> None:
    fetches = CertificateFetches(asking, WAIT_SECONDS)
    known = clients("slow")
    assert answered(fetches, known) == set()
    asking.release.set()
    while not {each.client.client_id for each in fetches.answered()}:
        pass
    while not answered(fetches, known):
        pass
    assert answered(fetches, known) == {"slow"}


def test_what_was_removed_is_told_by_what_was_bound_when_it_was_asked(asking: Asking) -> None:
    fetches = CertificateFetches(asking, WAIT_SECONDS)
    known = clients("slow")
    fetches.begin(known, {"slow": {"before"}})
    assert list(fetches.answered()) == []
    fetches.begin(known, {"slow": {"before", "issued meanwhile"}})
    asking.release.set()
    removed: list[frozenset[str]] = []
    while not removed:
        removed = [each.removed() for each in fetches.answered()]
    assert removed == [frozenset({"before"})]
