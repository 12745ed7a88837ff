"""The story's own parts: the stage with its rows, the narrator, and how a performance ends."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from sender_constraint.resource_server.claims import EXPIRED
from workshop.catalogue import ATTACKS, TOLD
from workshop.demo import arguments, play
from workshop.demo.arguments import parser
from workshop.environment.local import parties_on_this_machine
from workshop.environment.ports import Ports
from workshop.evidence import Evidence
from workshop.narration import Narrator, Refused
from workshop.partner_call import NOT_SENT
from workshop.story.stage import Stage, StoryStopped, explain_command, outcome_of, refusal_in
from workshop.thief import Played
from workshop.wire import NO_CREDENTIALS, Exchange

ANSWER = Exchange("GET", "https://localhost/accounts", "id-1", "127.0.0.1:5000", datetime.now(UTC))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    deployment = parties_on_this_machine(tmp_path, Ports(), 60).deployment
    return Stage(deployment, Narrator(), tmp_path)


# The stage


def test_a_row_holds_where_observed_is_what_was_expected(stage: Stage) -> None:
    stage.row("2", "a token", "200", "200")
    assert stage.holds

    stage.row("2", "another token", "200", "401 invalid_client")
    assert [row.holds for row in stage.rows] == [True, False]
    assert not stage.holds


def test_a_row_holds_or_does_not_where_it_says_so_itself(stage: Stage) -> None:
    stage.row("6", "rotations", "at least 3 times", "4 times", holds=True)
    assert stage.holds

    stage.row("4", "an attack", "401", "401", holds=False)
    assert not stage.holds


def test_a_stage_on_which_nothing_was_attempted_does_not_hold(stage: Stage) -> None:
    assert not stage.holds


def test_the_report_is_json_with_rows_and_timeline(stage: Stage) -> None:
    stage.row("2", "a token", "200", "200")
    stage.timeline.append({"generation": "1"})

    report = json.loads(json.dumps(stage.report()))

    assert report == {
        "holds": True,
        "rows": [{"act": "2", "attempt": "a token", "expected": "200", "observed": "200", "holds": True}],
        "timeline": [{"generation": "1"}],
    }


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"status": 200, "body": b"{}"}, "200"),
        ({"status": 401, "body": b'{"error": "invalid_token"}'}, "401 invalid_token"),
        ({"status": 502, "body": b"<html>"}, "502"),
        ({"alert": "decrypt_error"}, "ended by TLS: decrypt_error"),
        ({"alert": NOT_SENT}, "not sent"),
    ],
)
def test_an_outcome_is_told_in_a_few_words(members: dict[str, object], told: str) -> None:
    exchange = Exchange(**{**vars(ANSWER), **members})

    assert outcome_of(exchange) == told


def test_the_reason_of_a_refusal_comes_from_the_audit_trail_and_from_nowhere_else() -> None:
    detail = {"expired_at": 100, "now": 112}
    refused = {
        "outcome": "refused",
        "rule": EXPIRED.identifier,
        "section": EXPIRED.clause,
        "guidance": EXPIRED.guidance.fields(),
        "detail": detail,
    }
    exchange = Exchange(**{**vars(ANSWER), "status": 401, "body": b'{"error": "invalid_token"}'})

    told = refusal_in(exchange, Evidence((refused,)))
    assert told is not None
    assert (told.error, told.rule, told.section) == ("invalid_token", "token.expired", "RFC 9068 §4")
    assert told.because[-1] == "It expired 12 seconds before the request."
    assert refusal_in(exchange, Evidence(())) is None


def with_the_operator(stage: Stage) -> Path:
    """The authority's settings are on this machine; returns the environment's folder."""
    (stage.deployment.states["ca"] / "service.env").parent.mkdir()
    (stage.deployment.states["ca"] / "service.env").touch()
    return stage.deployment.states["ca"].parent


def test_the_command_that_explains_a_refusal_names_the_folder_of_the_environment(stage: Stage) -> None:
    root = with_the_operator(stage)
    assert explain_command(stage, ANSWER) == f"./scripts/explain --root {root} id-1"


def test_a_folder_of_the_repository_is_named_as_one_sees_it_from_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_the_operator(stage)
    monkeypatch.setattr("workshop.story.stage.REPOSITORY", root.parent)
    assert explain_command(stage, ANSWER) == f"./scripts/explain --root {root.name} id-1"


def test_where_the_services_are_in_containers_so_is_the_command(stage: Stage) -> None:
    stage.deployment.states["ca"].mkdir()  # an image has the folder, with nothing in it
    told = explain_command(stage, ANSWER)
    assert told == "docker compose run --rm shell python -m workshop.explain id-1"


# The catalogue


def test_attacks_have_identifiers_labels_and_titles_of_their_own() -> None:
    assert len({attack.identifier for attack in ATTACKS}) == len(ATTACKS)
    assert len({(attack.family, attack.title) for attack in ATTACKS}) == len(ATTACKS)
    assert len({attack.label for attack in TOLD}) == len(TOLD)


def test_an_attack_holds_only_with_its_answer_its_rule_and_its_other_events() -> None:
    attack = next(each for each in ATTACKS if each.identifier == "header-client-cert")
    refused = {"outcome": "refused", "event": "api.call", "rule": "binding.certificate-missing"}
    ignored = {"outcome": "recorded", "event": "peer.certificate_header_ignored"}
    answer = Exchange(**{**vars(ANSWER), "status": 401, "body": b'{"error": "invalid_token"}'})
    call = SimpleNamespace(credentials=NO_CREDENTIALS)

    def holds(exchange: Exchange, *events: dict[str, str]) -> bool:
        return Played(attack, call, exchange, Evidence(events)).holds

    assert holds(answer, ignored, refused)
    assert not holds(answer, refused)
    assert not holds(answer, ignored, {**refused, "rule": "binding.certificate"})
    assert not holds(answer, ignored)
    assert not holds(Exchange(**{**vars(answer), "status": 403}), ignored, refused)
    assert not holds(Exchange(**{**vars(answer), "body": b'{"error": "x"}'}), ignored, refused)


def test_an_attack_holds_only_if_its_answer_does_not_tell_what_exists() -> None:
    attack = next(each for each in ATTACKS if each.identifier == "account-of-another")
    refused = {"outcome": "refused", "event": "api.call", "rule": "accounts.not-opened"}
    answer = Exchange(**{**vars(ANSWER), "status": 404, "body": b'{"detail": "There is no such account"}'})
    call = SimpleNamespace(credentials=NO_CREDENTIALS)

    def holds(**twin: object) -> bool:
        other = Exchange(**{**vars(answer), **twin})
        return Played(attack, call, answer, Evidence((refused,)), other).holds

    assert holds()
    assert holds(correlation_id="id-2", headers={"date": "another", "x-fapi-interaction-id": "id-2"})
    assert not holds(status=403)
    assert not holds(body=b'{"detail": "It is not yours"}')
    assert not holds(headers={"x-exists": "yes"})


# The narrator


def test_a_refused_call_is_told_with_its_rule_and_section(capsys: pytest.CaptureFixture[str]) -> None:
    Narrator().call(
        "thief", "bank_api", "GET", "/accounts", "401 invalid_token",
        thumbprint="abc", refused=Refused("invalid_token", "binding.certificate", "RFC 8705 §3"),
    )  # fmt: skip

    told = capsys.readouterr().out
    assert "✓ thief → bank_api  GET /accounts  401 invalid_token  certificate abc" in told
    assert "invalid_token: rule binding.certificate, RFC 8705 §3" in told


@pytest.mark.parametrize("explain", [True, False])
def test_what_was_expected_and_presented_is_told_to_who_asked_for_more_words(
    capsys: pytest.CaptureFixture[str], explain: bool
) -> None:
    refused = Refused(
        "invalid_token", "token.audience", "RFC 9068 §4", ("expected: [this]", "presented: that")
    )
    Narrator(explain=explain).call(
        "thief", "bank_api", "GET", "/accounts", "401 invalid_token", thumbprint=None, refused=refused
    )

    told = capsys.readouterr().out
    assert ("      expected: [this]\n      presented: that\n" in told) is explain


def test_a_call_that_came_out_otherwise_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    Narrator().call("thief", "bank_api", "GET", "/accounts", "200", thumbprint=None, wanted=False)

    assert "✗ thief → bank_api  GET /accounts  200  no certificate" in capsys.readouterr().out


def test_of_a_call_that_tls_ended_no_certificate_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Narrator().call(
        "thief", "bank_api", "GET", "/accounts", "ended by TLS: decrypt_error",
        thumbprint=None, answered=False,
    )  # fmt: skip

    assert capsys.readouterr().out == "  ✓ thief → bank_api  GET /accounts  ended by TLS: decrypt_error\n"


def test_a_command_is_told_with_what_it_printed(capsys: pytest.CaptureFixture[str]) -> None:
    Narrator().command("ca/manage.py revoke 7f", ["Revoked 7f", "and [more]"])

    assert capsys.readouterr().out == "  $ ca/manage.py revoke 7f\n      Revoked 7f\n      and [more]\n"


def test_only_those_who_asked_hear_more_words(capsys: pytest.CaptureFixture[str]) -> None:
    Narrator().explain("why it is so")
    assert capsys.readouterr().out == ""

    Narrator(explain=True).explain("why it is so")
    assert "why it is so" in capsys.readouterr().out


def test_what_servers_say_is_text_and_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Narrator().facts({"a[red]": "b[/bold]"})
    Narrator().say("[blink]c")

    told = capsys.readouterr().out
    assert all(text in told for text in ("a[red]", "b[/bold]", "[blink]c"))


def test_a_pause_comes_between_acts_and_ends_with_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    narrator = Narrator(pause=True)
    keys: list[str] = []
    monkeypatch.setattr(narrator.console, "input", keys.append)

    narrator.act(1, "the first")
    assert keys == []
    narrator.act(2, "the second")
    assert len(keys) == 1
    narrator.part("the end")
    assert len(keys) == 2


def test_nobody_at_the_keyboard_is_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    narrator = Narrator(pause=True)

    def closed(_: str) -> None:
        raise EOFError

    monkeypatch.setattr(narrator.console, "input", closed)
    narrator.act(1, "the first")
    narrator.act(2, "the second")

    assert "the second" in capsys.readouterr().out


# The performance


def perform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, act: object) -> tuple[int, dict[str, object]]:
    """Play one act in an environment that variables describe; its exit status and its report."""
    described = parties_on_this_machine(tmp_path, Ports(), 60).deployment
    monkeypatch.setattr(play, "attached", lambda: described)
    monkeypatch.setitem(play.ACTS, 2, SimpleNamespace(TITLE="The act", play=act))
    report = tmp_path / "report.json"
    status = play.play_in_the_right_place(parser().parse_args(["--act", "2", "--report", str(report)]))
    return status, json.loads(report.read_text())


def test_the_exit_status_is_0_where_every_row_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    status, report = perform(monkeypatch, tmp_path, lambda stage: stage.row("2", "a token", "200", "200"))

    assert (status, report["holds"]) == (0, True)


def test_the_exit_status_is_1_where_a_row_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    status, report = perform(monkeypatch, tmp_path, lambda stage: stage.row("2", "a token", "200", "401"))

    assert (status, report["holds"]) == (1, False)


@pytest.mark.parametrize(
    ("interruption", "expected"),
    [(StoryStopped("no token"), 1), (ConnectionRefusedError("bank_api"), 1), (KeyboardInterrupt(), 130)],
)
def test_a_story_that_stops_does_not_hold_although_its_rows_so_far_do(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    interruption: BaseException,
    expected: int,
) -> None:
    def act(stage: Stage) -> None:
        stage.row("2", "a token", "200", "200")
        raise interruption

    status, report = perform(monkeypatch, tmp_path, act)

    assert (status, report["holds"]) == (expected, False)
    assert "demo:" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["29", "61", "-1", "soon"])
def test_lifetimes_are_those_that_people_can_watch(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        parser().parse_args(["--lifetime", text])

    assert refused.value.code == 2
    assert "--lifetime" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("played", "told"),
    [
        ((4,), "1 attempt in act 4: "),
        ((2, 4), "2 attempts in acts 2, 4: "),
        ((1, 2, 3, 4), "4 attempts in acts 1 to 4: "),
    ],
)
def test_the_last_line_says_which_acts_were_played(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    played: tuple[int, ...],
    told: str,
) -> None:
    described = parties_on_this_machine(tmp_path, Ports(), 60).deployment
    monkeypatch.setattr(play, "attached", lambda: described)
    for number in played:
        act = SimpleNamespace(TITLE="The act", play=lambda stage: stage.row("1", "a token", "200", "200"))
        monkeypatch.setitem(play.ACTS, number, act)
    chosen = [argument for number in played for argument in ("--act", str(number))]
    play.play_in_the_right_place(parser().parse_args(chosen))

    assert told in capsys.readouterr().out


def test_acts_are_played_as_the_help_lists_them() -> None:
    assert list(play.ACTS) == list(arguments.ACTS)
