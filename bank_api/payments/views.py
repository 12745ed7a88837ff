"""Payments: made with an Idempotency-Key, and read by the client that made them."""

from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bank_api.accounts.access import as_identifier
from bank_api.openapi import answers
from bank_api.payments.booking import pay
from bank_api.payments.idempotency import fingerprint_of, idempotency_key
from bank_api.payments.models import Payment
from bank_api.payments.representations import PaymentInstructionSerializer, PaymentSerializer
from bank_api.views import ProtectedView, client_of
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.conf import library_settings
from sender_constraint.django.problems import NotFound

_PAYMENT_ID = "Use the id from the response that created the payment."

PAYMENT_UNKNOWN = rule("payments.unknown", "RFC 9110 §15.5.5", "No payment has this identifier.").explained(
    "the identifier of a payment", "{presented}", _PAYMENT_ID
)
PAYMENT_OF_ANOTHER = rule(
    "payments.of-another", "RFC 9700 §2.3", "The payment was made by another client."
).explained("a payment made by this client", "{presented}, made by another client", _PAYMENT_ID)

_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 130},
    OpenApiParameter.HEADER,
    required=True,
    description=(
        "Of this client, for this payment: the same key and content get the same answer, for as long as the "
        "bank keeps payments; the same key and other content are refused "
        "(draft-ietf-httpapi-idempotency-key-header-07)."
    ),
)
_LOCATION = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri"},
    OpenApiParameter.HEADER,
    description="Where the payment can be read.",
    response=[201],
)
_INSTRUCTION = OpenApiExample(
    "An invoice",
    {
        "debtor_account": "4c7f1a56-9a0b-4d0e-8f0e-5d8f3b1f9b6a",
        "creditor_name": "Paper Mill Ltd",
        "creditor_iban": "GB33BUKB20201555555555",
        "amount": {"amount": "12.34", "currency": "EUR"},
        "reference": "Invoice 2041",
    },
    request_only=True,
)


class PaymentsView(ProtectedView):
    """Payments of the calling client."""

    required_scope = "payments"

    @extend_schema(
        operation_id="makePayment",
        parameters=[_IDEMPOTENCY_KEY, _LOCATION],
        request=PaymentInstructionSerializer,
        examples=[_INSTRUCTION],
        responses=answers(PaymentSerializer, 400, 411, 413, 415, 422, success=201),
    )
    def post(self, request: Request) -> Response:
        """Make a payment, once for each Idempotency-Key."""
        key = idempotency_key(request._request.headers.get("Idempotency-Key"))
        instruction = PaymentInstructionSerializer(data=request.data)
        instruction.is_valid(raise_exception=True)
        payment, booked = pay(
            client_of(request),
            key,
            fingerprint_of(cast(dict[str, Any], request.data)),
            instruction.validated_data,
            timezone.now(),
        )
        self.recorded = {"payment": str(payment.pk), "replayed": not booked}
        location = {"Location": f"{library_settings().resource}/payments/{payment.pk}"}
        return Response(PaymentSerializer(payment).data, status=201, headers=location)


class PaymentView(ProtectedView):
    """One payment."""

    required_scope = "payments"

    @extend_schema(operation_id="readPayment", responses=answers(PaymentSerializer, 404))
    def get(self, request: Request, payment_id: str) -> Response:
        """Read a payment of the calling client."""
        key = as_identifier(payment_id)
        payments = Payment.objects.select_related("debtor_account")
        payment = payments.filter(pk=key).first() if key else None
        check_payment_known(payment, payment_id)
        assert payment is not None  # noqa: S101  # check_payment_known has refused
        check_payment_of(payment, client_of(request))
        return Response(PaymentSerializer(payment).data)


@enforces(PAYMENT_UNKNOWN)
def check_payment_known(payment: Payment | None, identifier: str) -> None:
    """RFC 9110 §15.5.5."""
    if payment is None:
        raise NotFound(PAYMENT_UNKNOWN, "There is no such payment", presented=identifier[:80])


@enforces(PAYMENT_OF_ANOTHER)
def check_payment_of(payment: Payment, client_id: str) -> None:
    """RFC 9700 §2.3: a payment is its client's; outside, another's is as unknown as none."""
    if payment.client_id != client_id:
        raise NotFound(PAYMENT_OF_ANOTHER, "There is no such payment", presented=str(payment.pk))
