"""A service's pages, and those who look at them; shared by the tests of its admin."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, override_settings
from django.urls import reverse

from operations.settings import pages

PASSWORD = "a long password of a test"


@contextmanager
def pages_served() -> Iterator[None]:
    """What the process of the pages serves, under the settings of a test."""
    with override_settings(
        ROOT_URLCONF=import_module(f"{settings.SERVICE}.pages_settings").ROOT_URLCONF,
        MIDDLEWARE=pages.MIDDLEWARE,
        ALLOWED_HOSTS=["localhost", "127.0.0.1"],
        APPEND_SLASH=True,
        # Django's own takes as long as guessing is to take.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield


def superuser() -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


def looking(user: User) -> Client:
    """A browser in which somebody is logged in; forms carry no token, which has a test of its own."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


def log_in(client: Client, name: str, password: str) -> Any:
    return client.post("/admin/login/?next=/admin/", {"username": name, "password": password})


@dataclass(frozen=True)
class Shown:
    """A row that the admin shows."""

    row: Model

    def url(self, view: str) -> str:
        meta = self.row._meta
        arguments = [self.row.pk] if view in ("change", "delete", "history") else []
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_{view}", args=arguments)

    def contents(self) -> list[dict[str, Any]]:
        return list(type(self.row)._default_manager.order_by("pk").values())


def assert_nobody_changes(row: Model) -> None:
    """A superuser sees the row, and neither adds, changes nor deletes one, alone or in bulk."""
    shown, client = Shown(row), looking(superuser())
    before = shown.contents()
    assert client.get(shown.url("changelist")).status_code == 200
    assert client.get(shown.url("change")).status_code == 200
    fields = dict.fromkeys(before[0], "1")
    assert client.post(shown.url("add"), fields).status_code == 403
    assert client.post(shown.url("change"), fields).status_code == 403
    assert client.post(shown.url("delete"), {"post": "yes"}).status_code == 403
    chosen = {"_selected_action": str(row.pk), "select_across": "1", "index": "0", "post": "yes"}
    client.post(shown.url("changelist"), {"action": "delete_selected", **chosen})
    edited = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(row.pk), "_save": "Save"}
    client.post(shown.url("changelist"), edited | {f"form-0-{name}": "1" for name in fields})
    assert shown.contents() == before
    page = client.get(shown.url("change")).content.decode()
    assert re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]*)"', page) in (
        [],
        ["csrfmiddlewaretoken", "csrfmiddlewaretoken"],
    )


def unguarded_models(labels: Iterable[str]) -> list[str]:
    """The models of these apps that the admin lets somebody change."""
    from operations.pages.view_only import ViewOnly

    return [
        model.__name__
        for label in labels
        for model in apps.get_app_config(label).get_models()
        if model in admin.site._registry and not isinstance(admin.site._registry[model], ViewOnly)
    ]
