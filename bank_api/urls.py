"""The whole HTTP surface of the bank's API."""

from django.conf import settings
from django.urls import path, re_path

from bank_api.accounts.views import (
    AccountsView,
    AccountView,
    BalancesView,
    BearerAccountsView,
    TransactionsView,
)
from bank_api.health import health
from bank_api.metadata.views import metadata
from bank_api.openapi import document
from bank_api.payments.views import PaymentsView, PaymentView
from operations.settings.profile import is_fapi2

urlpatterns = [
    path("accounts", AccountsView.as_view()),
    path("accounts/<str:account_id>", AccountView.as_view()),
    path("accounts/<str:account_id>/balances", BalancesView.as_view()),
    path("accounts/<str:account_id>/transactions", TransactionsView.as_view()),
    path("payments", PaymentsView.as_view()),
    path("payments/<str:payment_id>", PaymentView.as_view()),
    re_path(r"^\.well-known/oauth-protected-resource(?:/.*)?$", metadata),
    path("openapi.json", document),
    path("health", health),
]

if settings.DEMO and not is_fapi2():
    urlpatterns.append(path("demo/bearer/accounts", BearerAccountsView.as_view()))

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"
