"""A client sees only what was opened to it.

Outside, another client's account and one that does not exist are the same: otherwise the API would tell
who banks here. Inside, each has its own rule.
"""

import uuid

from django.db.models import QuerySet

from bank_api.accounts.models import Account, AccountAccess
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.problems import NotFound

_OWN_ACCOUNTS = (
    "Take the identifier from GET /accounts, which lists the accounts that this client can access."
)

ACCOUNT_UNKNOWN = rule("accounts.unknown", "RFC 9110 §15.5.5", "No account has this identifier.").explained(
    "the identifier of an account", "{presented}", _OWN_ACCOUNTS
)
ACCOUNT_NOT_OPENED = rule(
    "accounts.not-opened", "RFC 9700 §2.3", "The client has no access to this account."
).explained("an account that this client has access to", "{presented}, to which it has none", _OWN_ACCOUNTS)


def opened_accounts(client_id: str) -> QuerySet[Account]:
    """All accounts that were opened to a client."""
    return Account.objects.filter(accesses__client_id=client_id)


def opened_account(client_id: str, identifier: str, *, lock: bool = False) -> Account:
    """The account with this identifier, if it was opened to the client. Raises NotFound.

    lock: hold the row until the transaction ends, where the database locks rows.
    """
    candidates = Account.objects.select_for_update() if lock else Account.objects.all()
    key = as_identifier(identifier)
    account = candidates.filter(pk=key).first() if key else None
    # Asked in any case: the time that it takes must not tell another client's account from none.
    is_opened = key is not None and AccountAccess.objects.filter(account=key, client_id=client_id).exists()
    check_account_known(account, identifier)
    assert account is not None  # noqa: S101  # check_account_known has refused
    check_account_opened(account, is_opened)
    return account


def as_identifier(text: str) -> uuid.UUID | None:
    """The identifier in the one form that this API writes (RFC 9562 §4, lower case); None for any other."""
    try:
        identifier = uuid.UUID(text)
    except ValueError:
        return None
    return identifier if str(identifier) == text else None


@enforces(ACCOUNT_UNKNOWN)
def check_account_known(account: Account | None, identifier: str) -> None:
    """RFC 9110 §15.5.5."""
    if account is None:
        raise NotFound(ACCOUNT_UNKNOWN, "There is no such account", presented=identifier[:80])


@enforces(ACCOUNT_NOT_OPENED)
def check_account_opened(account: Account, is_opened: bool) -> None:
    """RFC 9700 §2.3: least privilege; the scope says what may be done, this says to which accounts."""
    if not is_opened:
        raise NotFound(ACCOUNT_NOT_OPENED, "There is no such account", presented=str(account.pk))
