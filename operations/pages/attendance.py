"""Who comes and goes, in the audit trail; who is turned away, ``login`` records."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from sender_constraint.django import events


def record() -> None:
    """Listen to Django's signals from now on."""
    user_logged_in.connect(_came, dispatch_uid="administration.login")
    user_logged_out.connect(_went, dispatch_uid="administration.logout")


def _came(request: HttpRequest, user: AbstractBaseUser, **_kwargs: Any) -> None:
    events.accepted(request, "admin.login", user=user.get_username())


def _went(request: HttpRequest, user: AbstractBaseUser | None, **_kwargs: Any) -> None:
    # None where the session had ended before.
    events.recorded(request, "admin.logout", user=user.get_username() if user else None)
