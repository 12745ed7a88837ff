"""Accounts, balances and transactions of the accounts that were opened to the calling client."""

from collections.abc import Sequence

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bank_api.accounts.access import opened_account, opened_accounts
from bank_api.accounts.models import Account, Transaction
from bank_api.accounts.pages import (
    HIGHEST_LIMIT,
    USUAL_LIMIT,
    Page,
    PageRequest,
    page_of,
    page_request,
)
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
from sender_constraint.django.conf import library_settings

_PAGE_PARAMETERS = [
    OpenApiParameter(
        "date_from",
        {"type": "string", "format": "date"},
        description="Only bookings of this day and later, in UTC.",
    ),
    OpenApiParameter(
        "date_to",
        {"type": "string", "format": "date"},
        description="Only bookings of this day and earlier, in UTC.",
    ),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": HIGHEST_LIMIT, "default": USUAL_LIMIT},
        description="How many bookings at most.",
    ),
    OpenApiParameter(
        "before",
        {"type": "string", "format": "uuid"},
        description="Only bookings older than this one: the last of the page before.",
    ),
    OpenApiParameter(
        "Link",
        {"type": "string"},
        OpenApiParameter.HEADER,
        description='The first page (rel="first"), and where there is one the next (rel="next"): RFC 8288.',
        response=[200],
    ),
]


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
        parameters=_PAGE_PARAMETERS,
        responses=answers(TransactionsSerializer, 400, 404),
    )
    def get(self, request: Request, account_id: str) -> Response:
        """List the bookings of an account, the newest first, page by page."""
        account = opened_account(client_of(request), account_id)
        asked = page_request(request.query_params)
        page = page_of(account, asked)
        links = _links(account, asked, page)
        return Response({"transactions": _representation(account, page.bookings)}, headers={"Link": links})


def _links(account: Account, asked: PageRequest, page: Page) -> str:
    """RFC 8288 §3: the first page, and the one after this."""
    url = f"{library_settings().resource}/accounts/{account.pk}/transactions"
    queries = {"first": asked.first()}
    if page.more:
        queries["next"] = asked.after(page.bookings[-1])
    return ", ".join(
        f'<{url}{"?" if query else ""}{query}>; rel="{relation}"' for relation, query in queries.items()
    )


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
