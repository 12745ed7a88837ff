"""Act 7 where no operator is at hand, as in containers: the partner revokes what it has replaced."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sender_constraint.certificates.generations import GenerationStore
from tests.waiting import eventually
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.narration import Narrator
from workshop.story import act_7_stolen_key
from workshop.story.stage import Stage

LIFETIME_SECONDS = 60
PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """An environment whose authority's folder the story does not see."""
    root = tmp_path_factory.mktemp("helping-oneself")
    with Environment(root, ports=Ports.free(), lifetime_seconds=LIFETIME_SECONDS, fresh=True) as running:
        yield replace(running.deployment, states={**running.deployment.states, "ca": root / "elsewhere"})


def test_without_an_operator_the_partner_revokes_what_it_replaced_and_goes_on(
    deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = GenerationStore(deployment.certificate_store("partner_client"))
    stage = Stage(deployment, Narrator(), tmp_path)
    playing = threading.Thread(target=act_7_stolen_key.play, args=(stage,))
    playing.start()
    # Once the thief has its copy: nobody waits for the last third of a lifetime.
    eventually(lambda: stage.rows, "the thief succeeds", seconds=PATIENCE_SECONDS)
    store.order_replacement()
    playing.join(PATIENCE_SECONDS)

    assert stage.holds, [row for row in stage.rows if not row.holds]
    observed = {row.attempt: row.observed for row in stage.rows}
    assert observed["the partner's own calls meanwhile: failed"] == "0"
    assert sum("certificate.revoked after" in each for each in observed.values()) == 4
    told = capsys.readouterr().out
    assert "partner → ca  POST /revoke  200" in told
    assert "docker compose run --rm shell python -m workshop.explain" in told


def test_where_certificates_last_longer_than_anybody_waits_the_end_is_left_out(
    deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lasting = replace(deployment, certificate_lifetime_seconds=3600)
    # A certificate of a minute is none of an hour: the story takes the one that there is.
    stage = Stage(lasting, Narrator(), tmp_path)
    act_7_stolen_key.play(stage)

    assert stage.holds
    assert {row.observed for row in stage.rows} == {"200"}
    assert "How it ends is left out" in capsys.readouterr().out
