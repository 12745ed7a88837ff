"""What accounts look like on the wire."""

from typing import Any

from rest_framework import serializers

from bank_api.representations import MoneySerializer


class AccountSerializer(serializers.Serializer[Any]):
    """One account."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    iban = serializers.CharField()
    currency = serializers.CharField()


class AccountsSerializer(serializers.Serializer[Any]):
    """The accounts that were opened to the client."""

    accounts = AccountSerializer(many=True)


class BalanceSerializer(serializers.Serializer[Any]):
    """A balance; ``available`` is what can be spent now."""

    type = serializers.ChoiceField(choices=["available"])
    amount = MoneySerializer()


class BalancesSerializer(serializers.Serializer[Any]):
    """The balances of an account."""

    balances = BalanceSerializer(many=True)


class TransactionSerializer(serializers.Serializer[Any]):
    """A booking; its amount is negative where money left the account."""

    id = serializers.UUIDField()
    booked_at = serializers.DateTimeField()
    amount = MoneySerializer()
    description = serializers.CharField()


class TransactionsSerializer(serializers.Serializer[Any]):
    """Bookings of an account, the newest first."""

    transactions = TransactionSerializer(many=True)
