"""A small run of ``./scripts/fuzz``, and what it would say of a server that fails."""

import _thread
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.campaign import Campaign
from tests.fuzz.message import Answer, Message
from tests.fuzz.tally import failure_of
from tests.fuzz.targets import Target, targets
from workshop.environment.deployment import Deployment
from workshop.story.stage import Stage

SEED = 20260301
REQUESTS = 1_000
CODED = Message(b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", whole=False)
PLAIN = Message(b"GET / HTTP/1.1\r\n\r\n", whole=True)


@pytest.fixture
def ports(deployment: Deployment, stage: Stage, tmp_path: Path) -> list[Target]:
    return targets(deployment, stage, tmp_path)


@pytest.fixture
def tracebacks(deployment: Deployment) -> Iterator[None]:
    """What is sent here puts no traceback into any log."""

    def number() -> int:
        logs = (log for state in deployment.states.values() for log in (state / "log").glob("*.log"))
        return sum(log.read_text(errors="replace").count("Traceback") for log in logs)

    before = number()
    yield
    assert number() == before


@pytest.mark.usefixtures("tracebacks")
@pytest.mark.clause("RFC 9110 §15.6.1")
def test_no_request_makes_a_server_fail(ports: list[Target]) -> None:
    campaign = Campaign(ports, REQUESTS, SEED, advance=lambda: None)
    campaign.run()
    assert [str(each) for each in campaign.tally.failures] == []
    assert campaign.tally.requests == REQUESTS
    # Each target is reached beyond its parser: it gives, and it refuses in several ways.
    for counts in campaign.tally.statuses.values():
        assert counts["200"], campaign.tally.statuses
        assert sum(1 for status in counts if status.isdigit()) >= 3, campaign.tally.statuses


def test_an_interrupted_run_keeps_what_was_counted(ports: list[Target]) -> None:
    sent = itertools.count(1)

    def interrupt_once() -> None:
        if next(sent) == 100:
            _thread.interrupt_main()

    campaign = Campaign(ports, REQUESTS * 100, SEED, advance=interrupt_once)
    with pytest.raises(KeyboardInterrupt):
        campaign.run()
    assert 100 <= campaign.tally.requests < REQUESTS


@pytest.mark.parametrize(
    ("message", "answer", "kind"),
    [
        (PLAIN, Answer(200), None),
        (PLAIN, Answer(400), None),
        (PLAIN, Answer(500), "500"),
        (PLAIN, Answer(502), "502"),
        (PLAIN, Answer(503), "503"),
        (PLAIN, Answer(503, {"retry-after": "1"}), "503 with Retry-After (an outage, as documented)"),
        (PLAIN, Answer(501), "501"),
        (CODED, Answer(501), None),
        (PLAIN, Answer(None), "no answer"),
        (CODED, Answer(None), None),
        (CODED, Answer(None, too_slow=True), "no answer in time"),
    ],
)
def test_a_server_that_fails_is_told_from_one_that_refuses(
    message: Message, answer: Answer, kind: str | None
) -> None:
    assert failure_of(message, answer) == kind
