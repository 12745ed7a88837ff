"""The accounts of the demo. Seeding twice changes nothing that exists."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from bank_api.accounts.models import Account, AccountAccess, Transaction


@dataclass(frozen=True)
class SeedAccount:
    """An account of the demo; amounts in minor units."""

    name: str
    iban: str
    currency: str
    bookings: tuple[tuple[int, str], ...]
    clients: tuple[str, ...]


PARTNER = (
    "partner",
    "partner-bearer",
    "short-lived",
    "opaque-client",
    "self-signed-client",
    "jwt-client",
    "dpop-client",
    "jwt-mtls-client",
)

ACCOUNTS = (
    SeedAccount(
        "Partner Ltd, current account",
        "GB51EXMP20000012345678",
        "EUR",
        ((1_000_000_00, "Opening balance"), (12_499_50, "Invoice 2041"), (-310_25, "Office supplies")),
        PARTNER,
    ),
    SeedAccount(
        "Partner Ltd, payroll",
        "GB24EXMP20000012345679",
        "EUR",
        ((80_000_00, "Transfer for salaries"), (-4_812_17, "Salary")),
        PARTNER,
    ),
    SeedAccount(
        "Other Partner Ltd, current account",
        "GB90EXMP20000087654321",
        "EUR",
        ((250_000_00, "Opening balance"), (-99_90, "Hosting")),
        ("other-partner",),
    ),
)


def seed_demo() -> None:
    """Open the accounts of the demo to its clients."""
    for each in ACCOUNTS:
        with transaction.atomic():
            _open(each)


def _open(seed: SeedAccount) -> None:
    account, created = Account.objects.get_or_create(
        iban=seed.iban, defaults={"name": seed.name, "currency": seed.currency}
    )
    for client_id in seed.clients:
        AccountAccess.objects.get_or_create(account=account, client_id=client_id)
    if created:
        _book(account, seed.bookings)


def _book(account: Account, bookings: tuple[tuple[int, str], ...]) -> None:
    first = timezone.now() - timedelta(days=len(bookings))
    for day, (minor_units, description) in enumerate(bookings):
        Transaction.objects.create(
            account=account,
            booked_at=first + timedelta(days=day),
            amount_minor_units=minor_units,
            description=description,
        )
    account.available_minor_units = sum(minor_units for minor_units, _ in bookings)
    account.save(update_fields=["available_minor_units"])
