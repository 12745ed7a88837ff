"""What payments look like on the wire, and what an instruction must look like to be read."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from bank_api.payments.iban import check_iban
from bank_api.payments.instruction import PaymentInstruction
from bank_api.representations import MoneySerializer


class TextField(serializers.CharField):
    """Printable text, exactly as it is sent; a number is not taken for its digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError for another JSON type, control characters, or space around it."""
        if not isinstance(data, str):
            raise serializers.ValidationError("Must be a string.")
        text = str(super().to_internal_value(data))
        if not text.isprintable():
            raise serializers.ValidationError("Must not hold control characters.")
        if text != text.strip():
            raise serializers.ValidationError("Must not begin or end with a space.")
        return text


class IBANField(TextField):
    """An IBAN in its electronic form, without spaces."""

    def to_internal_value(self, data: Any) -> str:
        """The IBAN. Raises BadRequest if it is none."""
        iban = super().to_internal_value(data)
        check_iban(iban)
        return iban


class PaymentInstructionSerializer(serializers.Serializer[Any]):
    """An instruction to pay."""

    debtor_account = TextField(max_length=36, help_text="The id of an account that was opened to the client.")
    creditor_name = TextField(max_length=70)
    creditor_iban = IBANField(max_length=34)
    amount = MoneySerializer()
    reference = TextField(max_length=140, required=False, default="", allow_blank=True)

    def to_internal_value(self, data: Any) -> PaymentInstruction:
        """The instruction. Raises ValidationError, also for members that are not known: they may matter."""
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError({name[:40]: ["Unknown member."] for name in unknown[:10]})
        return PaymentInstruction(**super().to_internal_value(data))


class PaymentSerializer(serializers.Serializer[Any]):
    """A payment that the bank accepted."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["accepted"])
    debtor_account = serializers.UUIDField(source="debtor_account_id")
    creditor_name = serializers.CharField()
    creditor_iban = serializers.CharField()
    amount = MoneySerializer()
    reference = serializers.CharField()
    created_at = serializers.DateTimeField()
