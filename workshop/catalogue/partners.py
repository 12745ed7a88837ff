"""One partner of the bank against another: both are honest clients, each with accounts of its own.

RFC 9700 §2.3 (https://www.rfc-editor.org/rfc/rfc9700). Nothing of one is visible to the other; and what is
the other's is answered as what does not exist, in every byte.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.catalogue.token_clients import REGISTERED
from workshop.catalogue.token_requests import form
from workshop.loot import Cast, Holdings, Loot

NOT_FOUND = 404
UNPROCESSABLE = 422


def own_account(cast: Cast) -> Call:
    """The other partner reads an account of its own."""
    path = f"/accounts/{cast.other.holdings.account}"
    return Call("GET", cast.targets.api + path, cast.other.token, cast.other.credentials)


def own_bookings(cast: Cast) -> Call:
    """The other partner reads bookings of its own account, older than one of them."""
    own = cast.other.holdings
    return own_account(cast).at(f"/accounts/{own.account}/transactions?before={own.transaction}")


def own_payment(cast: Cast) -> Call:
    """The other partner pays a cent from its own account."""
    url = f"{cast.targets.api}/payments"
    call = Call("POST", url, cast.other.token, cast.other.credentials)
    return paying(call, payment_from(cast.other.holdings.account), new_key())


READING = Family("partners-reading", "One partner reads what is another's", own_account)
BOOKINGS = Family("partners-bookings", "One partner pages through another's bookings", own_bookings)
PAYING = Family("partners-paying", "One partner pays with another's money", own_payment, answered=201)


def payment_from(account: str) -> Mapping[str, Any]:
    """A payment of a cent."""
    return {
        "debtor_account": account,
        "creditor_name": "Supplier Ltd",
        "creditor_iban": "GB33BUKB20201555555555",
        "amount": {"amount": "0.01", "currency": "EUR"},
        "reference": "catalogue",
    }


def paying(call: Call, payment: Mapping[str, Any], key: str) -> Call:
    """The payment with this Idempotency-Key."""
    sent = call.but(body=json.dumps(payment).encode()).with_header("Content-Type", "application/json")
    return sent.with_header("Idempotency-Key", key)


def new_key() -> str:
    """An Idempotency-Key that nobody used."""
    return str(uuid.uuid4())


def _of_partner(path: str) -> Change:
    """Read this path, filled in with what is the partner's."""
    return lambda call, loot: call.at(_filled(path, loot.holdings))


def _of_nobody(path: str) -> Change:
    """Read this path, filled in with what does not exist."""
    nothing = Holdings(*(str(uuid.UUID(int=7, version=4)) for _ in range(3)))
    return lambda call, _loot: call.at(_filled(path, nothing))


def _filled(path: str, holdings: Holdings) -> str:
    return path.format(account=holdings.account, payment=holdings.payment)


def from_partners_account(call: Call, loot: Loot) -> Call:
    """Pay from the partner's account."""
    return paying(call, payment_from(loot.holdings.account), new_key())


def from_no_account(call: Call, _loot: Loot) -> Call:
    """Pay from an account that does not exist."""
    return paying(call, payment_from(str(uuid.UUID(int=7, version=4))), new_key())


def with_partners_key(call: Call, loot: Loot) -> Call:
    """Send the partner's own payment again, with its Idempotency-Key, for the answer to it."""
    return paying(call, payment_from(loot.holdings.account), loot.overheard_key())


def before_partners_booking(call: Call, loot: Loot) -> Call:
    """Ask for bookings older than one of the partner's."""
    return call.but(url=f"{call.url.partition('?')[0]}?before={loot.holdings.transaction}")


def before_no_booking(call: Call, _loot: Loot) -> Call:
    """Ask for bookings older than one that does not exist."""
    return call.but(url=f"{call.url.partition('?')[0]}?before={uuid.UUID(int=7, version=4)}")


def partners_token(call: Call, loot: Loot) -> Call:
    """Show the partner's token with the other partner's certificate."""
    return call.but(token=loot.token)


def _reading(identifier: str, what: str, path: str, rule: str) -> Attack:
    expected = Expected(NOT_FOUND, None, rule)
    return Attack(READING, identifier, what, _of_partner(path), expected, twin=_of_nobody(path))


ATTACKS: tuple[Attack, ...] = (
    _reading("account-of-another", "the partner's account", "/accounts/{account}", "accounts.not-opened"),
    _reading("balances-of-another", "its balances", "/accounts/{account}/balances", "accounts.not-opened"),
    _reading(
        "transactions-of-another", "its bookings", "/accounts/{account}/transactions", "accounts.not-opened"
    ),
    _reading("payment-of-another", "its payment", "/payments/{payment}", "payments.of-another"),
    Attack(
        READING,
        "token-of-another",
        "the partner's token with the other partner's certificate",
        partners_token,
        Expected(401, "invalid_token", "binding.certificate"),
    ),
    Attack(
        BOOKINGS,
        "bookings-before-anothers",
        "bookings before one of the partner's",
        before_partners_booking,
        Expected(400, None, "accounts.before"),
        twin=before_no_booking,
    ),
    Attack(
        PAYING,
        "payment-from-anothers-account",
        "a payment from the partner's account",
        from_partners_account,
        Expected(UNPROCESSABLE, None, "accounts.not-opened"),
        twin=from_no_account,
    ),
    Attack(
        PAYING,
        "idempotency-key-of-another",
        "the partner's payment once more, with its Idempotency-Key",
        with_partners_key,
        Expected(UNPROCESSABLE, None, "accounts.not-opened"),
        twin=from_no_account,
    ),
    Attack(
        REGISTERED,
        "registration-of-another",
        "a token as the partner, with the other partner's certificate",
        form(client_id="partner"),
        Expected(401, "invalid_client", "client.subject-dn"),
        twin=form(client_id="nobody"),
    ),
)
