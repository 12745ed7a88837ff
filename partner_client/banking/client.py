"""The bank's API, typed. This is the file to copy: tokens, certificates and their rotation are underneath.

caller = Caller(GenerationStore(path), CallerSettings(issuer, TokenRequest(client_id), trust_bundle))
bank = BankingClient(caller, "https://api.bank.example")
payment = bank.pay(instruction, idempotency_key=order.id)
"""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from partner_client.banking.errors import AnswerUnusable, BankRefused
from partner_client.banking.representations import (
    read_account,
    read_balance,
    read_list,
    read_payment,
    read_transaction,
    write_instruction,
)
from partner_client.banking.resources import Account, Balance, Payment, PaymentInstruction, Transaction
from sender_constraint.client.caller import Caller
from sender_constraint.correlation import CORRELATION_HEADER, new_correlation_id


class BankingClient:
    """Calls the bank. Safe to share among threads, as its caller is.

    All methods raise BankRefused and AnswerUnusable, the caller's CallFailed, and CertificatesError.
    """

    def __init__(self, caller: Caller, api_url: str) -> None:
        self._caller = caller
        self._api_url = api_url.rstrip("/")

    def list_accounts(self) -> list[Account]:
        """The accounts that the bank opened to us."""
        return read_list(self._get("accounts"), "accounts", read_account)

    def account(self, account_id: str) -> Account:
        """One account."""
        return read_account(self._get("accounts", account_id))

    def balances(self, account_id: str) -> list[Balance]:
        """Its balances."""
        return read_list(self._get("accounts", account_id, "balances"), "balances", read_balance)

    def transactions(
        self, account_id: str, date_from: date | None = None, date_to: date | None = None
    ) -> list[Transaction]:
        """All its bookings, the newest first, or those of some days in UTC, both included."""
        return list(chain.from_iterable(self.transaction_pages(account_id, date_from, date_to)))

    def transaction_pages(
        self,
        account_id: str,
        date_from: date | None = None,
        date_to: date | None = None,
        limit: int | None = None,
    ) -> Iterator[list[Transaction]]:
        """The same page by page, each of which is asked for when it is wanted. limit: of bookings in a page.

        Bookings that arrive meanwhile are on no later page; ask again from the start to see them.
        """
        asked = {"date_from": date_from, "date_to": date_to, "limit": limit}
        parameters = {name: str(value) for name, value in asked.items() if value is not None}
        address = self._url("accounts", account_id, "transactions")
        url: str | None = f"{address}?{urlencode(parameters)}" if parameters else address
        seen: set[str] = set()
        while url is not None:
            # A token goes to the API alone, and pages end.
            if url in seen or url.partition("?")[0] != address:
                raise AnswerUnusable(f"{url!r} is no next page of {address}")
            seen.add(url)
            page = self._send("GET", url)
            yield read_list(content_of(page), "transactions", read_transaction)
            url = page.links.get("next", {}).get("url")

    def pay(self, instruction: PaymentInstruction, idempotency_key: str) -> Payment:
        """Pay. The same key with the same instruction is the same payment, however often it is sent.

        idempotency_key: of your own order, kept with it: whoever did not see an answer, after a crash too,
        sends the same again.
        """
        headers = {"Idempotency-Key": idempotency_key}
        return read_payment(
            self._call("POST", "payments", json=write_instruction(instruction), headers=headers)
        )

    def payment(self, payment_id: str) -> Payment:
        """A payment that was made."""
        return read_payment(self._get("payments", payment_id))

    def _get(self, *path: str) -> Any:
        return self._call("GET", *path)

    def _call(self, method: str, *path: str, json: Any = None, headers: dict[str, str] | None = None) -> Any:
        return content_of(self._send(method, self._url(*path), json=json, headers=headers))

    def _url(self, *path: str) -> str:
        return "/".join([self._api_url, *(quote(segment, safe="") for segment in path)])

    def _send(
        self, method: str, url: str, *, json: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        correlation_id = new_correlation_id()
        accept = {"Accept": "application/json", **(headers or {})}
        response = self._caller.request(method, url, json=json, headers=accept, correlation_id=correlation_id)
        if not response.is_success:
            raise refusal_of(response, correlation_id)
        return response


def content_of(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises AnswerUnusable."""
    try:
        return response.json()
    except ValueError as error:
        correlation_id = response.request.headers[CORRELATION_HEADER]
        raise AnswerUnusable(
            f"{response.url} did not answer with JSON [correlation id {correlation_id}]"
        ) from error


def refusal_of(response: httpx.Response, correlation_id: str) -> BankRefused:
    """The error in an answer: OAuth's members (RFC 6750 §3), or a problem's (RFC 9457)."""
    try:
        members = response.json()
    except ValueError:
        members = {}
    if not isinstance(members, dict):
        members = {}
    code = members.get("error") or members.get("title") or response.reason_phrase or "no reason given"
    description = members.get("error_description") or members.get("detail") or ""
    correlation_id = response.headers.get(CORRELATION_HEADER, correlation_id)
    return BankRefused(response.status_code, str(code), str(description), correlation_id)
