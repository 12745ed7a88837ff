"""The table of alarms holds all that are raised, and says what they are."""

import pytest

from operations.alarms import calls, outages
from operations.alarms.table import ALARMS, alarm_table, kind_of
from sender_constraint.certificates import ocsp_cache
from sender_constraint.tls import stapling


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("certificate-server", "certificate-*"),
        ("certificate-ocsp-root", "certificate-*"),
        ("expiry-authority-scheme-root-ca-00000001", "expiry-authority-*"),
        ("expiry-crl-issuing", "expiry-*"),
        ("task-certificates", "task-*"),
        ("signing-key", "signing-key"),
        (stapling.ALARM, "ocsp-staple"),
        (calls.CALLS, "calls"),
        (calls.TOKENS, "tokens"),
        (outages.name_of("service.database"), "service-*"),
    ],
)
def test_each_alarm_is_of_a_kind(name: str, kind: str) -> None:
    found = kind_of(name)
    assert found is not None
    assert found.name == kind


def test_the_status_of_callers_is_not_taken_for_a_certificate_of_our_own() -> None:
    found = kind_of(ocsp_cache.ALARM)
    assert found is not None
    assert found.name == ocsp_cache.ALARM
    assert kind_of("unheard-of") is None


def test_the_table_quotes_the_thresholds() -> None:
    table = alarm_table()
    assert table.count("\n") == 2 * (len(ALARMS) + 2) + 1
    assert "less than 25% of its lifetime left" in table
    assert "less than 20% of its lifetime left" in table
