"""Accounts, balances and transactions of the accounts that were opened to the calling client."""

from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bank_api.accounts.access import as_identifier, opened_account, opened_accounts
from bank_api.accounts.models import Account, Transaction
from bank_api.accounts.representations import (
    AccountSerializer,
    AccountsSerializer,
    BalancesSerializer,
    TransactionsSerializer,
)
from bank_api.money import Money
from bank_api.openapi import answers
from bank_api.views import ProtectedView, client_of
from sender_constraint.django.authentication import UnboundTokenAuthentication
from sender_constraint.django.problems import BadRequest
from sender_constraint.rules import enforces, rule

TRANSACTIONS_PER_PAGE = 500

BEFORE = rule(
    "accounts.before", "RFC 9110 §15.5.1", "The parameter before names no transaction of this account."
)

_BEFORE_PARAMETER = OpenApiParameter(
    "before",
    {"type": "string", "format": "uuid"},
    description="Only bookings older than this one. The Link header (RFC 8288) has the next page.",
)


class AccountsView(ProtectedView):
    """The accounts that were opened to the calling client."""

    required_scope = "accounts"

    @extend_schema(operation_id="listAccounts", responses=answers(AccountsSerializer))
    def get(self, request: Request) -> Response:
        """List accounts."""
        accounts = opened_accounts(client_of(request))
        return Response(AccountsSerializer({"accounts": accounts}).data)


class BearerAccountsView(AccountsView):
    """The same with a token that is bound to nothing: here to show what stealing one is worth."""

    authentication_classes = (UnboundTokenAuthentication,)

    @extend_schema(
        operation_id="listAccountsWithABearerToken",
        description="Demo only: takes the unbound token of the demo's bearer client from whoever sends it.",
        responses=answers(AccountsSerializer),
    )
    def get(self, request: Request) -> Response:
        """List accounts, with a plain bearer token."""
        return super().get(request)


class AccountView(ProtectedView):
    """One account."""

    required_scope = "accounts"

    @extend_schema(operation_id="readAccount", responses=answers(AccountSerializer, 404))
    def get(self, request: Request, account_id: str) -> Response:
        """Read an account."""
        return Response(AccountSerializer(opened_account(client_of(request), account_id)).data)


class BalancesView(ProtectedView):
    """The balances of one account."""

    required_scope = "accounts"

    @extend_schema(operation_id="readBalances", responses=answers(BalancesSerializer, 404))
    def get(self, request: Request, account_id: str) -> Response:
        """Read the balances of an account."""
        account = opened_account(client_of(request), account_id)
        balances = [{"type": "available", "amount": account.available}]
        return Response(BalancesSerializer({"balances": balances}).data)


class TransactionsView(ProtectedView):
    """The bookings of one account."""

    required_scope = "accounts"

    @extend_schema(
        operation_id="listTransactions",
        parameters=[_BEFORE_PARAMETER],
        responses=answers(TransactionsSerializer, 400, 404),
    )
    def get(self, request: Request, account_id: str) -> Response:
        """List the bookings of an account, the newest first, at most 500 at a time."""
        account = opened_account(client_of(request), account_id)
        page = list(_older_than(account, request.query_params.get("before"))[: TRANSACTIONS_PER_PAGE + 1])
        response = Response({"transactions": _representation(account, page[:TRANSACTIONS_PER_PAGE])})
        if len(page) > TRANSACTIONS_PER_PAGE:
            next_page = f"/accounts/{account.pk}/transactions?before={page[-2].pk}"
            response.headers["Link"] = f'<{settings.RESOURCE}{next_page}>; rel="next"'
        return response


def _older_than(account: Account, before: str | None) -> QuerySet[Transaction]:
    bookings = account.transactions.order_by("-booked_at", "id")
    if before is None:
        return bookings
    key = as_identifier(before)
    last = bookings.filter(pk=key).first() if key else None
    check_before(last, before)
    assert last is not None  # noqa: S101  # check_before has refused
    return bookings.filter(Q(booked_at__lt=last.booked_at) | Q(booked_at=last.booked_at, id__gt=last.pk))


@enforces(BEFORE)
def check_before(last: Transaction | None, before: str) -> None:
    """RFC 9110 §15.5.1."""
    if last is None:
        raise BadRequest(BEFORE, "The parameter before names no transaction", presented=before[:80])


def _representation(account: Account, bookings: Sequence[Transaction]) -> object:
    rows = [
        {
            "id": each.pk,
            "booked_at": each.booked_at,
            "amount": Money(each.amount_minor_units, account.currency),
            "description": each.description,
        }
        for each in bookings
    ]
    return TransactionsSerializer({"transactions": rows}).data["transactions"]
