"""Background tasks with several items: the first one fails, the others are done, the failure is recorded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pytest_django import Settings

from operations.alarms.service import alarms
from operations.certificates import client_keys, renewal
from operations.certificates.stores import DeclaredStore
from operations.expiries import watch
from operations.expiries.levels import BY_ITSELF, Expiry
from operations.tasks import background
from operations.tasks.background import ITEM_FAILED, ledger
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuance import Issuer
from sender_constraint.client.key_store import KeyStore
from sender_constraint.core.clock import utc_now
from sender_constraint.core.events import Level
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.certificates.issuing import CountingIssuer

Audited = Callable[[], list[dict[str, Any]]]

BAD, GOOD = "a-first", "second"


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_told", {})


def assert_told(task: str, item: str, audited: Audited) -> None:
    """In the task history, in the audit trail, and as an alarm."""
    (last, *_) = ledger().read(task).runs
    assert last.ended == "failed"
    assert (last.error or "").startswith(f"{item}: RuntimeError: ")
    told = [each["detail"] for each in audited() if each["event"] == ITEM_FAILED]
    assert told == [{"task": task, "item": item}]
    (alarm,) = [each for each in alarms().standing() if each.name == f"task-{task}"]
    assert (alarm.level, item in alarm.message) == ("warning", True)


def test_a_store_whose_issuer_fails_keeps_no_other_certificate_from_being_renewed(
    authority: Authority,
    settings: Settings,
    tmp_path: Path,
    audited: Audited,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declared = settings.CERTIFICATE_STORES["client"]
    stores = {
        purpose: replace(declared, purpose=purpose, path=tmp_path / purpose, secret_file=tmp_path / "secret")
        for purpose in (BAD, GOOD)
    }
    settings.CERTIFICATE_STORES = stores
    due = {
        purpose: authority.publish(GenerationStore(each.path), lifetime=timedelta(seconds=-1))
        for purpose, each in stores.items()
    }

    def issuer_of(declared: DeclaredStore) -> Issuer:
        if declared.purpose == BAD:
            raise RuntimeError("what nobody foresaw")
        return CountingIssuer(authority, utc_now)

    monkeypatch.setattr(renewal, "issuer_of", issuer_of)
    renewal.renew_certificates()
    assert GenerationStore(stores[GOOD].path).current().id != due[GOOD].id
    assert GenerationStore(stores[BAD].path).current().id == due[BAD].id
    assert_told(renewal.TASK, f"the {BAD} certificate", audited)


def test_a_key_store_that_fails_keeps_no_other_key_from_being_rotated(
    tmp_path: Path, audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(KeyStore):
        def turn(self, now: datetime) -> str | None:
            _failing(now)

    stores = {BAD: Broken(tmp_path / BAD, 60), GOOD: KeyStore(tmp_path / GOOD, 60)}
    monkeypatch.setattr(client_keys, "declared_key_stores", lambda: stores)
    client_keys.turn_client_keys()
    assert stores[GOOD].current(utc_now())
    assert_told(client_keys.TASK, f"the keys for {BAD}", audited)


def test_what_expires_first_and_cannot_be_judged_hides_nothing_of_the_others(
    audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utc_now()

    class Unjudgeable(Expiry):
        def level(self, now: datetime) -> Level | None:
            _failing(now)

    hour = timedelta(hours=1)
    listed = [
        each(name, name, now - hour, now - hour / 2, "valid", thresholds=BY_ITSELF)
        for each, name in ((Unjudgeable, BAD), (Expiry, GOOD))
    ]
    monkeypatch.setattr(watch, "expiries", lambda: listed)
    watch.watch_expiries()
    assert f"expiry-{GOOD}" in {each.name for each in alarms().standing()}
    assert_told(watch.TASK, BAD, audited)


def _failing(_now: datetime) -> NoReturn:
    raise RuntimeError("what nobody foresaw")
