"""What money looks like on the wire: ``{"amount": "12.34", "currency": "EUR"}``."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bank_api.money import DECIMALS, Money, positive_money


@extend_schema_field({"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$", "examples": ["12.34"]})
class DecimalString(serializers.CharField):
    """An exact decimal, as a string."""


class MoneySerializer(serializers.Serializer[Any]):
    """An amount of money, as a decimal string with at most the currency's decimals; to be paid: positive."""

    amount = DecimalString()
    currency = serializers.ChoiceField(choices=sorted(DECIMALS))

    def to_internal_value(self, data: Any) -> Money:
        """The money in a request. Raises ValidationError for another shape, BadRequest for another value."""
        if not isinstance(data, dict) or set(data) != set(self.fields):
            raise serializers.ValidationError("Must be an object of amount and currency.")
        return positive_money(data["amount"], data["currency"])
