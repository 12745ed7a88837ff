"""International bank account numbers: ISO 13616, with the check digits of ISO 7064 MOD 97-10."""

import re

from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.problems import BadRequest

IBAN = rule(
    "payments.iban", "ISO 13616", "The creditor's IBAN is malformed, or its check digits are wrong."
).explained(
    "an IBAN in capital letters and digits, without spaces, with valid check digits",
    "{presented}",
    "Copy the IBAN again, and remove its spaces.",
)

_FORM = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)


@enforces(IBAN)
def check_iban(text: str) -> None:
    """ISO 13616: country, check digits and account, without spaces; modulo 97 it leaves 1."""
    if not _FORM.fullmatch(text) or _remainder(text) != 1:
        raise BadRequest(IBAN, "The IBAN is not valid", presented=text[:34])


def _remainder(iban: str) -> int:
    rearranged = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in rearranged)) % 97
