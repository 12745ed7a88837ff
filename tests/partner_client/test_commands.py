"""What somebody at a shell sees."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from operations.alarms.service import alarms
from tests.partner_client.test_banking_client import ACCOUNT, AMOUNT, PAYMENT
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.client.bank import Bank
from tests.sender_constraint.ocsp_answers import OcspAnswers
from tests.sender_constraint.tls_server import Answer, TLSServer

PAY = ("--from", "a/1", "--to", "Supplier Ltd", "--iban", "GB33 BUKB 2020 1555 5555 55", "--amount", "0.10")


@pytest.fixture
def bank(bank_server: Bank, server: TLSServer) -> Bank:  # noqa: ARG001 - it runs
    booking = {"id": "t", "booked_at": "2026-03-01T12:00:00Z", "amount": AMOUNT, "description": "rent"}
    said = {
        "/accounts": {"accounts": [ACCOUNT]},
        "/accounts/a%2F1": ACCOUNT,
        "/accounts/a%2F1/balances": {"balances": [{"type": "available", "amount": AMOUNT}]},
        "/accounts/a%2F1/transactions": {"transactions": [booking]},
        "/accounts/a%2F1/transactions?date_from=2026-03-02&date_to=2026-03-03": {"transactions": []},
    }
    for path, content in said.items():
        bank_server.answers[path] = lambda _asked, content=content: Answer(200, content)  # type: ignore[misc]
    bank_server.answers["/payments"] = lambda _asked: Answer(201, PAYMENT)
    return bank_server


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


@pytest.mark.usefixtures("bank")
def test_accounts_shows_what_can_be_spent() -> None:
    assert run("accounts") == "a/1  Operations  available 123.45 EUR\n"


@pytest.mark.usefixtures("bank")
def test_accounts_shows_one_with_its_transactions() -> None:
    lines = run("accounts", "a/1").splitlines()

    assert lines[0] == "a/1  Operations  available 123.45 EUR"
    assert lines[1].split() == ["2026-03-01T12:00:00+00:00", "123.45", "EUR", "rent"]


@pytest.mark.usefixtures("bank")
def test_accounts_shows_the_transactions_of_some_days() -> None:
    lines = run("accounts", "a/1", "--from", "2026-03-02", "--to", "2026-03-03").splitlines()

    assert lines == ["a/1  Operations  available 123.45 EUR"]


@pytest.mark.usefixtures("bank")
def test_a_day_that_is_none_is_refused_at_the_shell() -> None:
    with pytest.raises(CommandError, match="--from"):
        run("accounts", "a/1", "--from", "2026-02-30")


@pytest.mark.usefixtures("bank")
def test_pay_tells_what_became_of_it(server: TLSServer) -> None:
    output = run("pay", *PAY, "--idempotency-key", "order-7")

    assert output == "idempotency key order-7\npayment p1 accepted: 0.10 EUR to Supplier Ltd\n"
    assert b"GB33BUKB20201555555555" in server.asked[-1].body
    assert server.asked[-1].headers["idempotency-key"] == "order-7"


@pytest.mark.usefixtures("bank")
def test_pay_makes_a_key_and_tells_it(server: TLSServer) -> None:
    output = run("pay", *PAY)

    key = server.asked[-1].headers["idempotency-key"]
    assert output.startswith(f"idempotency key {key}\n")


def test_a_refusal_is_one_line_with_the_id_to_ask_about(bank: Bank) -> None:
    refusal = {"error": "invalid_request", "error_description": "not so"}
    bank.answers["/accounts"] = lambda _asked: Answer(400, refusal, {"x-fapi-interaction-id": "their-id"})

    with pytest.raises(CommandError, match=r"invalid_request: not so \[correlation id their-id\]$"):
        run("accounts")


def test_a_refused_token_is_one_line_too(bank: Bank) -> None:
    bank.answers["/token"] = lambda _asked: Answer(401, {"error": "invalid_client"})

    with pytest.raises(
        CommandError, match=r"token endpoint https://localhost:\d+/token refused \(401\): invalid_client"
    ):
        run("accounts")


def test_calls_without_an_answer_are_an_alarm_until_the_next_answer(bank: Bank) -> None:
    bank.answers["/token"] = lambda _asked: Answer(401, {"error": "invalid_client"})
    with pytest.raises(CommandError):
        run("accounts")
    told = {each.name: (each.level, each.detail["state"]) for each in alarms().standing()}
    assert told == {"calls": ("critical", "token refused"), "tokens": ("warning", "token refused")}

    del bank.answers["/token"]
    run("accounts")
    assert alarms().standing() == []


@pytest.mark.usefixtures("bank")
def test_a_revoked_bank_is_told_nothing_and_the_trail_says_why(
    server: TLSServer,
    authority: Authority,
    statuses: OcspAnswers,
    audited: Callable[[], list[dict[str, Any]]],
) -> None:
    statuses.revoke(authority.server_certificates[0])

    with pytest.raises(CommandError, match=r"has been revoked \[certificate.revoked\]$"):
        run("accounts")

    assert server.asked == []
    event, *alarms_raised = audited()
    assert {each["event"] for each in alarms_raised} == {"alarm.raised"}
    assert (event["event"], event["outcome"]) == ("server.certificate", "refused")
    assert (event["rule"], event["server"]) == ("certificate.revoked", server.origin.removeprefix("https://"))
    assert event["detail"]["reason"] == "keyCompromise"


def test_without_a_certificate_the_next_step_is_told() -> None:
    with pytest.raises(CommandError, match="enrol"):
        run("accounts")


@pytest.mark.parametrize("amount", ["ten", "NaN", "Infinity", "1,5"])
def test_an_amount_that_is_none_is_not_sent(amount: str) -> None:
    with pytest.raises(CommandError, match="not a decimal number"):
        run("pay", *PAY[:-1], amount)


@pytest.mark.parametrize("command", ["accounts", "pay", "enrol", "prepare"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(command, "--help")

    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_prepare_can_be_repeated(settings: Settings) -> None:
    run("prepare")
    run("prepare")

    declared = settings.CERTIFICATE_STORES["client"]
    assert declared.path.is_dir()
    assert declared.secret_file.parent.stat().st_mode & 0o777 == 0o700
