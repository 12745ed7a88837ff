"""The partner's page for people: in their words, also when there is little to show."""

import re

from django.test import Client
from pytest_django import Settings

from operations.alarms.service import alarms
from operations.tasks.background import ledger
from sender_constraint.certificates.generations import Generation
from tests.sender_constraint.authority import Authority


def page(client: Client) -> str:
    return client.get("/").content.decode()


def test_times_are_said_to_be_utc_and_numbers_have_names(client: Client, generation: Generation) -> None:
    shown = page(client)
    assert f"{generation.not_after:%Y-%m-%d %H:%M:%S} UTC" in shown
    assert f"{generation.certificate.serial_number:x}" in shown
    assert "serial number" in shown
    assert not re.search(r"\dT\d\d:|\+00:00|remaining_seconds|serial_number", shown)


def test_where_no_alarm_stands_it_says_so(
    client: Client,
    generation: Generation,  # noqa: ARG001 - it is there
    authority: Authority,
    settings: Settings,
) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": authority.trust_bundle}
    for task in ("certificates", "expiries"):
        with ledger().run(task, 60):
            pass
    shown = page(client)
    assert '<span class="level-ok">ok</span>' in shown
    assert "No alarm stands." in shown


def test_a_missing_certificate_is_a_page_too(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert 'class="level-critical">missing<' in answer.content.decode()


def test_an_alarm_stands_on_it(client: Client, generation: Generation) -> None:  # noqa: ARG001 - it is there
    alarms().raised("certificate-client", "warning", "due <soon>")
    shown = page(client)
    assert '<td class="level-warning">warning</td>' in shown
    assert "due &lt;soon&gt;" in shown
    assert "No alarm stands." not in shown


def test_what_the_page_loads_is_for_no_other_origin(client: Client) -> None:
    served = client.get("/static/rotation/home.css")
    assert b"".join(served)
    served.close()
    assert "access-control-allow-origin" not in served.headers


def test_the_page_is_read_and_nothing_else(client: Client) -> None:
    answer = client.post("/")
    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_where_no_certificate_is_needed_none_is_missing(client: Client, settings: Settings) -> None:
    settings.CERTIFICATE_STORES = {}
    assert 'class="level-ok">not needed<' in page(client)
    assert client.get("/status").json()["certificate"] == {"state": "not needed"}
