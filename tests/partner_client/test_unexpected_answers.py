"""What a server that is not ours may answer: each is one line, with address, status and correlation id."""

import re

import pytest
from django.core.management import CommandError, call_command

from sender_constraint.core.correlation import CORRELATION_HEADER
from tests.sender_constraint.client.bank import METADATA, Bank
from tests.sender_constraint.tls_server import Answer, TLSServer

HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = b"<html><body>Sign in</body></html>"
# What is answered, and what must be said about it.
ANSWERS = {
    "an HTML page": (Answer(200, PAGE, HTML), "content type is text/html; charset=utf-8"),
    "an HTML error page": (Answer(403, PAGE, HTML), "content type is text/html; charset=utf-8"),
    "JSON that is called text": (
        Answer(200, b"{}", {"Content-Type": "text/plain"}),
        "content type is text/plain",
    ),
    "a page that is called JSON": (Answer(200, PAGE), "body is not JSON"),
    "an empty body": (Answer(200, b""), "body is empty"),
    "a list": (Answer(200, []), ""),
    "another object": (Answer(200, {"data": []}), ""),
    "a redirect": (
        Answer(302, b"", {"Location": "https://login.example/sign-in"}),
        "redirects to https://login.example/sign-in, and redirects are not followed",
    ),
    "bytes that are no text": (Answer(200, b"\xff\xfe{}"), "body is not JSON"),
}
PLACES = {"metadata": METADATA, "token endpoint": "/token", "API": "/accounts"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ANSWERS)
def test_an_unexpected_answer_is_reported_with_address_status_and_correlation_id(
    server: TLSServer, bank_server: Bank, place: str, kind: str
) -> None:
    answer, said = ANSWERS[kind]
    bank_server.answers["/accounts"] = lambda _asked: Answer(200, {"accounts": []})
    call_command("accounts")
    bank_server.answers[PLACES[place]] = lambda _asked: answer

    with pytest.raises(CommandError) as raised:
        call_command("accounts")

    told = str(raised.value)
    assert f"{server.origin}{PLACES[place]}" in told
    assert re.search(rf"\b{answer.status}\b", told)
    assert said in told
    sent = next(each for each in reversed(server.asked) if each.path == PLACES[place])
    assert f"[correlation id {sent.headers[CORRELATION_HEADER]}]" in told
    assert "\n" not in told


def test_the_correlation_id_that_the_server_says_is_the_one_that_is_reported(
    server: TLSServer,  # noqa: ARG001 - it runs
    bank_server: Bank,
) -> None:
    bank_server.answers["/accounts"] = lambda _asked: Answer(200, {}, {CORRELATION_HEADER: "theirs"})

    with pytest.raises(CommandError, match=r"'accounts' is missing: .* \[correlation id theirs\]$"):
        call_command("accounts")


def test_no_cookie_is_kept(server: TLSServer, bank_server: Bank) -> None:
    cookie = {"Set-Cookie": "session=stolen; Path=/; Secure"}

    def with_cookie(answer: Answer) -> Answer:
        return Answer(answer.status, answer.content, cookie)

    bank_server.answers[METADATA] = lambda _asked: with_cookie(bank_server.metadata())
    bank_server.answers["/token"] = lambda asked: with_cookie(bank_server.token(asked))
    balance = {"type": "available", "amount": {"amount": "1.00", "currency": "EUR"}}
    account = {"id": "a1", "name": "Operations", "currency": "EUR"}
    bank_server.answers["/accounts"] = lambda _asked: Answer(200, {"accounts": [account]}, cookie)
    bank_server.answers["/accounts/a1/balances"] = lambda _asked: Answer(200, {"balances": [balance]})

    call_command("accounts")

    assert [each.path for each in server.asked] == [METADATA, "/token", "/accounts", "/accounts/a1/balances"]
    assert all("cookie" not in each.headers for each in server.asked)
