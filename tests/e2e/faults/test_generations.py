"""A generation on disk that is not whole, and answers of the authority that are no certificate.

The participant is a client of the bank, whose trail says with which certificate it calls.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.generations import Generation
from sender_constraint.certificates.rotation import Action
from sender_constraint.client.caller import Caller
from tests.e2e.faults.gate import Behaviour, Gate
from tests.e2e.faults.nonsense import NONSENSE, talking
from tests.e2e.faults.observing import Events
from tests.e2e.faults.party import Party
from tests.e2e.faults.paying import calling
from tests.e2e.registering import COMMON, manage
from workshop.environment.deployment import Deployment
from workshop.environment.ports import free_port

NAME = "flawed"
# What drips takes as long as EST waits, and is tried elsewhere.
KINDS = [*(kind for kind in NONSENSE if kind != "drips"), "noisy", "away"]


@pytest.fixture(scope="module")
def gate(deployment: Deployment) -> Iterator[Gate]:
    """Before the authority, for this participant alone."""
    with Gate(free_port(), urlsplit(deployment.ca_url).port or 0) as gate:
        yield gate


@pytest.fixture(scope="module")
def party(deployment: Deployment, gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Party:
    folder = tmp_path_factory.mktemp(NAME)
    admitted = Party(deployment, NAME, folder / "state", f"https://localhost:{gate.port}")
    admitted.admit()
    client = folder / "client.json"
    metadata = {**COMMON, "client_id": NAME, "tls_client_auth_subject_dn": admitted.subject}
    client.write_text(json.dumps({**metadata, "scope": "accounts", "resources": [deployment.api_url]}))
    manage(deployment, "authserver", [sys.executable, "authserver/manage.py", "register_client", str(client)])
    return admitted


def half_written(generation: Generation) -> None:
    content = generation.certificate_path.read_bytes()
    generation.certificate_path.write_bytes(content[: len(content) // 3])


def without_its_key(generation: Generation) -> None:
    generation.private_key_path.unlink()


def with_the_key_of_another(generation: Generation) -> None:
    generation.private_key_path.write_bytes(private_key_pem(new_private_key()))


def readable_by_others(generation: Generation) -> None:
    generation.private_key_path.chmod(0o640)


def owned_by_another(generation: Generation) -> None:
    if os.geteuid():
        pytest.skip("only root may give a file away")
    os.chown(generation.private_key_path, 12345, -1)


FLAWS: dict[Callable[[Generation], None], str] = {
    half_written: "is not a whole generation",
    without_its_key: "is not a whole generation",
    with_the_key_of_another: "is not the key of the certificate beside it",
    readable_by_others: "has mode 0640",
    owned_by_another: "belongs to user 12345",
}


@pytest.mark.clause("RFC 5280 §6.1")
@pytest.mark.parametrize("spoil", FLAWS, ids=lambda spoil: spoil.__name__)
def test_a_generation_with_a_flaw_is_refused_and_the_last_good_one_serves(
    party: Party, gate: Gate, spoil: Callable[[Generation], None]
) -> None:
    good = party.store.current()
    with as_client(party) as running:
        assert serves(running, party, good)
        party.store.order_replacement()
        assert party.ensure().action is Action.RENEWED
        spoiled = party.store.current()
        spoil(spoiled)

        gate.behave(Behaviour.AWAY)
        try:
            # Who calls keeps what it has, who starts takes the last good one, and the worker says why.
            assert serves(running, party, good)
            with as_client(party) as beginning:
                assert serves(beginning, party, good)
            told = party.look()
            assert told.returncode == 0, told.stderr
            alarm = party.alarm()
            assert (alarm["level"], alarm["detail"]["state"]) == ("warning", "broken")
            assert FLAWS[spoil] in alarm["message"]
            assert alarm["message"] in told.stderr
        finally:
            gate.behave(Behaviour.OPEN)

        # Whoever broke it need not mend it: the next look replaces it.
        assert party.look().returncode == 0
        mended = party.store.current()
        assert mended.id not in (good.id, spoiled.id)
        assert party.alarm() == {}
        with as_client(party) as beginning:
            assert serves(beginning, party, mended)


@pytest.mark.clause("RFC 7030 §4.2.3")
@pytest.mark.parametrize("kind", KINDS)
def test_nonsense_in_place_of_a_certificate_leaves_the_old_one_until_there_is_a_certificate(
    party: Party, gate: Gate, kind: str
) -> None:
    before, issued = party.store.order_replacement(), party.certificates()
    with at_fault(party.deployment, gate, kind):
        outcome = party.ensure()
        assert outcome.action is Action.FAILED
        assert outcome.error is not None
        assert outcome.generation == party.store.current() == before
    assert party.ensure().action is Action.RENEWED
    assert party.certificates() == issued + 1


def test_nonsense_is_an_alarm_that_quotes_it(party: Party, gate: Gate) -> None:
    before = party.store.order_replacement()
    with at_fault(party.deployment, gate, "html"):
        told = party.look()
        assert told.returncode == 0, told.stderr
        assert "Traceback" not in told.stderr
        alarm = party.alarm()
        assert (alarm["level"], alarm["detail"]["state"]) == ("notice", "overdue")
        assert alarm["message"] in told.stderr
        assert party.store.current() == before
    assert party.look().returncode == 0
    assert party.alarm() == {}


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_a_certificate_that_was_lost_on_its_way_is_sent_again(party: Party, gate: Gate) -> None:
    before, issued = party.store.order_replacement(), party.certificates()
    gate.lose_next_answer(lambda: party.certificates() > issued)
    assert party.ensure().action is Action.FAILED
    assert gate.lost == 1
    assert party.store.current() == before
    assert party.ensure().action is Action.RENEWED
    assert party.certificates() == issued + 1


def as_client(party: Party) -> Caller:
    """A process of the participant's that calls. To be closed."""
    return calling(party.deployment, store=party.store, client=NAME, scope="accounts")


def serves(caller: Caller, party: Party, generation: Generation) -> bool:
    """Whether the bank answers, to this certificate."""
    heard = Events(party.deployment, "bank_api")
    assert caller.request("GET", f"{party.deployment.api_url}/accounts").status_code == 200
    return bool(heard(event="api.call", outcome="accepted", thumbprint=generation.thumbprint))


@contextmanager
def at_fault(deployment: Deployment, gate: Gate, kind: str) -> Iterator[None]:
    """The authority answers so, under its own certificate; then it is as it was."""
    try:
        if kind in NONSENSE:
            with talking(deployment.states["ca"], kind) as talker:
                gate.behave(Behaviour.OPEN, talker.port)
                yield
        else:
            gate.behave(Behaviour[kind.upper()])
            yield
    finally:
        gate.behave(Behaviour.OPEN)
