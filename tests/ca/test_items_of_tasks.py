"""Revocation lists are published for each authority, whatever becomes of another one's."""

from datetime import datetime
from typing import Any

import pytest

from ca.status import tasks
from ca.status.authorities import StatusAuthority, status_authorities
from ca.status.lists import latest_list, publish_list_if_due
from ca.status.models import RevocationList
from ca.status.schedule import TASK
from operations.alarms.service import alarms
from operations.tasks import background
from operations.tasks.ledger import Ledger


@pytest.mark.clause("RFC 5280 §3.3")
@pytest.mark.usefixtures("db", "hierarchy", "clock")
def test_an_authority_whose_list_fails_keeps_no_other_list_from_being_published(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    history = Ledger(tmp_path / "background")
    monkeypatch.setattr(background, "ledger", lambda: history)
    RevocationList.objects.all().delete()
    first, *others = status_authorities()

    def publish(authority: StatusAuthority, now: datetime) -> RevocationList | None:
        if authority.name == first.name:
            raise RuntimeError("what nobody foresaw")
        return publish_list_if_due(authority, now)

    monkeypatch.setattr(tasks, "publish_list_if_due", publish)
    tasks.publish_lists()
    assert latest_list(first) is None
    assert others
    assert all(latest_list(each) for each in others)
    (last, *_) = history.read(TASK).runs
    assert last.ended == "failed"
    assert (last.error or "").startswith(f"revocation list of the {first.name} CA: RuntimeError")
    assert [each.level for each in alarms().standing() if each.name == f"task-{TASK}"] == ["warning"]

    monkeypatch.setattr(tasks, "publish_list_if_due", publish_list_if_due)
    tasks.publish_lists()
    assert latest_list(first)
    assert not [each for each in alarms().standing() if each.name == f"task-{TASK}"]
