"""The bank's API, typed. This is the file to copy: tokens, certificates and their rotation are underneath.

caller = Caller(GenerationStore(path), CallerSettings(issuer, TokenRequest(client_id), trust_bundle))
bank = BankingClient(caller, "https://api.bank.example")
payment = bank.pay(instruction, idempotency_key=order.id)
"""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import chain
from typing import Any, TypeVar
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
from sender_constraint.client.answers import (
    NotJSON,
    correlation_id_of,
    described,
    json_object_of,
    json_of,
)
from sender_constraint.client.caller import Caller

Resource = TypeVar("Resource")


class BankingClient:
    """Calls the bank. Safe to share among threads, as its caller is.

    All methods raise BankRefused and AnswerUnusable, the caller's CallFailed, and CertificatesError.
    """

    def __init__(self, caller: Caller, api_url: str) -> None:
        self._caller = caller
        self._api_url = api_url.rstrip("/")

    def list_accounts(self) -> list[Account]:
        """The accounts that the bank opened to us."""
        return read(self._get("accounts"), partial(read_list, member="accounts", read=read_account))

    def account(self, account_id: str) -> Account:
        """One account."""
        return read(self._get("accounts", account_id), read_account)

    def balances(self, account_id: str) -> list[Balance]:
        """Its balances."""
        answer = self._get("accounts", account_id, "balances")
        return read(answer, partial(read_list, member="balances", read=read_balance))

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
            yield read(page, partial(read_list, member="transactions", read=read_transaction))
            url = page.links.get("next", {}).get("url")

    def pay(self, instruction: PaymentInstruction, idempotency_key: str) -> Payment:
        """Pay. The same key with the same instruction is the same payment, however often it is sent.

        idempotency_key: of your own order, kept with it: whoever did not see an answer, after a crash too,
        sends the same again.
        """
        headers = {"Idempotency-Key": idempotency_key}
        body = write_instruction(instruction)
        return read(self._send("POST", self._url("payments"), json=body, headers=headers), read_payment)

    def payment(self, payment_id: str) -> Payment:
        """A payment that was made."""
        return read(self._get("payments", payment_id), read_payment)

    def _get(self, *path: str) -> httpx.Response:
        return self._send("GET", self._url(*path))

    def _url(self, *path: str) -> str:
        return "/".join([self._api_url, *(quote(segment, safe="") for segment in path)])

    def _send(
        self, method: str, url: str, *, json: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        accept = {"Accept": "application/json", **(headers or {})}
        response = self._caller.request(method, url, json=json, headers=accept)
        if not response.is_success:
            raise refusal_of(response)
        return response


def read(response: httpx.Response, how: Callable[[Any], Resource]) -> Resource:
    """The resource in an answer. Raises AnswerUnusable, which says which request was answered with what."""
    try:
        return how(json_of(response))
    except (NotJSON, AnswerUnusable) as error:
        raise AnswerUnusable(f"the bank's answer cannot be used: {error}: {described(response)}") from error


def refusal_of(response: httpx.Response) -> BankRefused:
    """The error in an answer: OAuth's members (RFC 6750 §3), or a problem's (RFC 9457)."""
    code, description = "", ""
    try:
        members = json_object_of(response)
        code = str(members.get("error") or members.get("title") or "")
        description = str(members.get("error_description") or members.get("detail") or "")
    except NotJSON as error:
        description = f"the answer has no reason in JSON: {error}"
    code = code or response.reason_phrase or "no reason given"
    url = str(response.request.url)
    return BankRefused(response.status_code, code, description, correlation_id_of(response), url)
