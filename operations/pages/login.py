"""The way in: a user name and its password, and a wait that grows for whoever guesses."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from sender_constraint.django import events

# So many attempts cost no wait: people mistype.
FREE_ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 60.0
# Names are whatever somebody sends: the oldest are forgotten.
KEPT_NAMES = 1000


class Attempts:
    """Attempts in a row to log in, by user name; in the memory of one process.

    All callers come from this machine, so that their address tells nothing: it is the name that waits. So
    somebody who guesses makes its owner wait, too, for a minute at most.

    monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._attempts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_seconds(self, name: str) -> float:
        """For how long the next attempt with this name is refused unseen: doubling, from one second on."""
        count, last = self._attempts.get(name.casefold(), (0, 0.0))
        if count < FREE_ATTEMPTS:
            return 0.0
        wait = min(LONGEST_WAIT_SECONDS, 2.0 ** min(count - FREE_ATTEMPTS, 10))
        return max(0.0, last + wait - self._monotonic())

    def begun(self, name: str) -> None:
        """Count one, before its password is looked at: several at once are several."""
        count, _ = self._attempts.pop(name.casefold(), (0, 0.0))
        self._attempts[name.casefold()] = (count + 1, self._monotonic())
        while len(self._attempts) > KEPT_NAMES:
            self._attempts.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Begin anew."""
        self._attempts.pop(name.casefold(), None)


@cache
def attempts() -> Attempts:
    """Those of this process."""
    return Attempts()


class LoginForm(AdminAuthenticationForm):
    """Django's, with the wait, and an audit event for each attempt that fails."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError."""
        name = self.cleaned_data.get("username") or ""
        wait = attempts().wait_seconds(name)
        if wait:
            self._turned_away(name, "too many attempts")
            seconds = math.ceil(wait)
            raise ValidationError(f"Too many attempts. Try again in {seconds} s.", code="too_many_attempts")
        attempts().begun(name)
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            self._turned_away(name, "wrong name or password, or no user of the admin")
            raise
        attempts().succeeded(name)
        return cleaned

    def _turned_away(self, name: str, why: str) -> None:
        # What is no user's name may be a password in the wrong field.
        known = get_user_model().objects.filter(username=name).exists()
        # The site's login view gives it.
        request = cast("HttpRequest", self.request)
        user = name if known else None
        events.recorded(request, "admin.login_failed", user=user, detail={"reason": why})
