"""Accounts in the admin: what they hold, what was booked, and who may see them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from bank_api.accounts.models import Account, Transaction
from operations.pages.view_only import ViewOnly


@admin.register(Account)
class AccountAdmin(ViewOnly):
    """``manage.py open_account`` opens them; only payments change what they hold."""

    list_display = ("name", "iban", "available_amount", "clients")
    list_filter = ("currency", "accesses__client_id")
    search_fields = ("name", "iban", "accesses__client_id")
    fields = ("id", "name", "iban", "currency", "available_amount", "clients")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """With those who see each, by one query more."""
        return super().get_queryset(request).prefetch_related("accesses")

    @admin.display(description="available", ordering="available_minor_units")
    def available_amount(self, account: Account) -> str:
        """What can be spent."""
        return str(account.available)

    def clients(self, account: Account) -> str:
        """Those to whom it was opened."""
        return ", ".join(sorted(each.client_id for each in account.accesses.all()))


@admin.register(Transaction)
class TransactionAdmin(ViewOnly):
    """Booked by payments."""

    list_display = ("booked_at", "account", "amount", "description")
    list_filter = ("booked_at", "account__currency")
    list_select_related = ("account",)
    search_fields = ("id", "account__name", "account__iban", "description")
    ordering = ("-booked_at", "id")
    fields = ("id", "account", "booked_at", "amount", "description", "payment")

    @admin.display(ordering="amount_minor_units")
    def amount(self, transaction: Transaction) -> str:
        """Negative where money left."""
        return str(transaction.amount)
