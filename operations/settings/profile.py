"""The security profile of a service: the setting ``PROFILE``, and what it requires of other settings."""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from operations.settings.fapi2 import FAPI2, PROFILES, Demand, contradictions
from sender_constraint.django.conf import library_settings


def is_fapi2() -> bool:
    """Whether this service as a whole is held to FAPI 2.0."""
    return getattr(settings, "PROFILE", "") == FAPI2


def profile_check(demands: tuple[Demand, ...]) -> Callable[..., Sequence[CheckMessage]]:
    """A numbered check for a service in one role: settings must not contradict the profile."""
    read = ("PROFILE", *(demand.setting for demand in demands))

    def check_profile(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
        present = {name: _value_of(name) for name in read}
        if present["PROFILE"] not in PROFILES:
            hint = f"Leave it empty, or set it to {FAPI2}."
            return [Error("PROFILE is unknown.", hint=hint, id="sender_constraint.E013")]
        return [
            Error(
                f"PROFILE is {FAPI2}, and {demand.setting} contradicts it (FAPI 2.0 {demand.clause}).",
                hint=demand.hint,
                id="sender_constraint.E014",
            )
            for demand in contradictions(demands, present)
        ]

    return check_profile


def _value_of(name: str) -> Any:
    """A setting of the service, or of the library."""
    return getattr(settings, name, getattr(library_settings(), name.lower(), ""))
