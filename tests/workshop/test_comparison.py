"""What the comparison counts with, and what it makes of what was counted."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.waiting import eventually
from workshop.comparison.arguments import parser
from workshop.comparison.charts import Bar, chart
from workshop.comparison.facts import FACTS
from workshop.comparison.measuring import COLD, COLD_STEPS, PAY, READ, STEPS, Load, Measured, Turn
from workshop.comparison.page import page
from workshop.comparison.processor_time import seconds_in, seconds_used
from workshop.comparison.relay import Count, Relay
from workshop.comparison.results import Results
from workshop.comparison.revocations import API, CERTIFICATE, TOKEN, TOKEN_ENDPOINT, Ended
from workshop.comparison.tables import tables
from workshop.comparison.thefts import Theft, Tried
from workshop.environment.ports import free_port
from workshop.evidence import Evidence
from workshop.methods import METHODS
from workshop.wire import Exchange

# The relay


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that answers each message with itself, twice over."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                while message := connection.recv(100):
                    connection.sendall(message * 2)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def test_a_relay_counts_octets_either_way_and_each_change_of_direction(echo: int) -> None:
    with Relay(free_port(), echo) as relay, socket.create_connection(("127.0.0.1", relay.port)) as caller:
        line = (relay.port, caller.getsockname()[1])
        for message in (b"abc", b"de"):
            caller.sendall(message)
            answer = b""
            while len(answer) < 2 * len(message):
                answer += caller.recv(100)

        # TCP's handshake, and twice there and back.
        assert relay.by_line() == {line: Count(connections=1, up=5, down=10, round_trips=3)}


def test_a_round_trip_that_is_still_under_way_is_counted_when_it_begins(echo: int) -> None:
    with Relay(free_port(), echo) as relay, socket.create_connection(("127.0.0.1", relay.port)) as caller:
        caller.sendall(b"a")
        eventually(lambda: sum(each.down for each in relay.by_line().values()) == 2, relay.by_line)
        (count,) = relay.by_line().values()

    assert (count.up, count.round_trips) == (1, 2)


def test_a_relay_before_a_server_that_is_not_there_ends_the_connection() -> None:
    with (
        Relay(free_port(), free_port()) as relay,
        socket.create_connection(("127.0.0.1", relay.port)) as caller,
    ):
        assert caller.recv(1) == b""


def test_counts_are_added_and_subtracted_member_by_member() -> None:
    earlier, later = Count(1, 2, 3, 4), Count(5, 7, 9, 11)

    assert later - earlier == Count(4, 5, 6, 7)
    assert earlier + (later - earlier) == later
    assert later.octets == 16


# Processor time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0:01.23", 1.23), ("12:34.50", 754.5), ("01:02:03", 3723.0), ("2-00:00:01", 172801.0), ("", 0.0)],
)
def test_processor_time_is_read_as_ps_writes_it(text: str, seconds: float) -> None:
    assert seconds_in(text) == pytest.approx(seconds)


def test_a_process_that_works_uses_time_and_one_that_has_ended_counts_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        pass
    before = seconds_used([os.getpid()])

    def works() -> bool:
        sum(number * number for number in range(200_000))
        return seconds_used([os.getpid(), ended.pid]) > before

    eventually(works, "no time was used")


# Figures


def count(octets: int, round_trips: int = 1) -> Count:
    return Count(0, octets, 0, round_trips)


def measured() -> list[Measured]:
    """Seven methods, of which each takes a hundred octets and a millisecond more than the one before."""
    found = []
    for number, method in enumerate(METHODS, start=1):
        each = Measured(method)
        for step in STEPS:
            each.steps[step] = [count(100 * number), count(100 * number), count(9999)]
        for kind in (COLD, READ, PAY):
            each.loads[kind].turns = [Turn((0.01, 0.01), 0.002 * number, {"API": 0.004 * number}, count(40))]
        found.append(each)
    return found


def tried(theft: Theft, outcome: int, error: str | None, rule: str | None) -> Tried:
    body = json.dumps({"error": error} if error else {}).encode()
    exchange = Exchange("GET", "https://localhost/accounts", "id", "", datetime.now(UTC), outcome, {}, body)
    event = {"event": "api.call", "outcome": "refused", "rule": rule, "section": "RFC 8705 §3"}
    return Tried(theft, exchange, Evidence((event,) if rule else ()))


def theft(outcome: str, rule: str | None) -> Theft:
    def never() -> None:
        raise AssertionError

    return Theft("the token", "alone", never, outcome, rule)  # type: ignore[arg-type]  # is not called


@pytest.fixture
def results() -> Results:
    found = Results(
        "./scripts/compare", {"processor": "<one>", "processors": 1, "system": "it", "python": "3"}, ("API",)
    )
    found.measured = measured()
    for method in METHODS:
        found.lifetimes[method.name] = 300
        found.tried[method.name] = [
            tried(
                theft("401 invalid_token", "binding.certificate"), 401, "invalid_token", "binding.certificate"
            )
        ]
        for revoked, where in ((TOKEN, API), (CERTIFICATE, API), (CERTIFICATE, TOKEN_ENDPOINT)):
            ends = revoked == TOKEN or method.shows_scheme_certificate
            found.ended.append(Ended(method.name, revoked, where, 1.5 if ends else None, "401", ends))
    return found


def test_a_step_is_what_usually_passes_and_not_what_passed_once() -> None:
    first = measured()[0]

    assert first.step("token") == count(100)
    assert first.whole(COLD_STEPS) == count(300, 3)


def test_a_load_is_the_least_of_its_turns() -> None:
    load = Load()
    load.turns = [Turn((0.1,), client, {"API": 1.0}, count(10)) for client in (0.001, 0.002, 0.5)]

    assert load.client() == pytest.approx(1.0)
    assert load.servers() == pytest.approx(1000.0)
    assert load.octets_between_servers() == 10
    assert load.calls == 3


def test_ratios_of_processor_time_are_those_of_one_round() -> None:
    one, other = Load(), Load()
    for busy in (1, 10, 100):
        one.turns.append(Turn((0.1, 0.1), 0.004 * busy, {"API": 0.002 * busy}, count(0)))
        other.turns.append(Turn((0.1,), 0.001 * busy, {"API": 0.002 * busy}, count(0)))

    assert one.client_ratio(other) == pytest.approx(2.0)
    assert one.servers_ratios(other) == pytest.approx([0.5, 0.5, 0.5])


def test_ratios_are_those_to_the_certificate_bound_jwt(results: Results) -> None:
    octets = tables(results)[0]
    ratios = {row[0]: row[-1].rstrip("*") for row in octets.rows}

    assert ratios["Certificate-bound JWT"] == "1.00"
    assert ratios["Bearer"] == "0.50"
    assert ratios["DPoP, private_key_jwt"] == "3.50"


def test_each_table_has_a_row_for_each_method_and_a_cell_for_each_column(results: Results) -> None:
    for table in tables(results):
        assert {row[0] for row in table.rows} == {method.title for method in METHODS}, table.title
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.title


def test_every_method_has_its_facts() -> None:
    assert list(FACTS) == [method.name for method in METHODS]


def test_what_comes_out_otherwise_is_named(results: Results) -> None:
    assert results.unexpected == []

    results.tried["dpop"].append(tried(theft("401 invalid_token", "dpop.other-key"), 200, None, None))
    results.ended.append(Ended("bearer", TOKEN, API, None, "200", ends=True))

    assert len(results.unexpected) == 2
    assert "dpop: the token, alone: 200" in results.unexpected[0]
    assert results.as_json()["holds"] is False


def test_a_token_that_the_thief_gets_is_not_in_the_report() -> None:
    asked = tried(theft("200", None), 200, None, None)
    answer = Exchange(
        "POST", "https://localhost/token", "id", "", datetime.now(UTC), 200, {}, b'{"access_token": "secret"}'
    )

    assert Tried(asked.theft, answer, Evidence(())).answer == "a token"


def test_whoever_has_the_signing_key_gets_tokens_although_the_certificate_is_revoked(
    results: Results,
) -> None:
    assert results.seconds_of_theft("certificate_jwt")["key"].endswith(
        "new tokens: certificate revoked 1.5 s"
    )
    assert results.seconds_of_theft("private_key_jwt")["key"].endswith("until the registration changes")


def test_a_revocation_that_comes_too_late_or_ends_too_much_does_not_hold() -> None:
    assert Ended("dpop", TOKEN, API, 4.9, "401", ends=True).holds
    assert not Ended("dpop", TOKEN, API, 5.1, "401", ends=True).holds
    assert not Ended("dpop", CERTIFICATE, API, 1.0, "401", ends=False).holds
    assert Ended("dpop", CERTIFICATE, API, None, "200", ends=False).holds


def test_a_bound_token_alone_is_worth_no_second_and_a_bearer_token_its_lifetime(results: Results) -> None:
    assert results.seconds_of_theft("bearer")["token"] == "300 s, revoked 1.5 s"
    assert results.seconds_of_theft("certificate_jwt")["token"] == "0 s"
    assert "once, within 60 s" in results.seconds_of_theft("dpop")["request"]


# The page


def parsed(drawing: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawing)  # noqa: S314 - we drew it ourselves


def test_the_page_needs_nothing_from_elsewhere_and_its_charts_are_svg(results: Results) -> None:
    told = page(results)

    assert not re.search(r"(src|href|url|@import)\s*[=(]", told)
    drawings = re.findall(r"<svg.*?</svg>", told, re.DOTALL)
    assert len(drawings) == 5
    for drawing in drawings:
        parsed(drawing)
    assert "&lt;one&gt;" in told


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    drawn = parsed(chart("it", ("part",), [Bar("a", [2.0], "2"), Bar("b", [1.0], "1")]))
    widths = [float(each.get("width", "0")) for each in drawn.iter("{http://www.w3.org/2000/svg}rect")][1:]

    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)


# The arguments


def test_a_report_is_written_as_json_and_as_a_page_of_the_same_name(tmp_path: Path) -> None:
    assert parser().parse_args(["--report", str(tmp_path / "it.html")]).report == tmp_path / "it.json"


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["--report", "/nowhere/it.json"]])
def test_an_argument_that_cannot_be_is_a_usage_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        parser().parse_args(arguments)

    assert refused.value.code == 2
    assert arguments[0] in capsys.readouterr().err
