"""The authorization server's admin, and what holds for the admin of every service: who gets in, and how."""

import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client as Browser

from authserver.clients.models import Client, columns
from authserver.clients.registration import RegistrationPolicy, register
from operations.pages import login
from operations.pages.login import FREE_ATTEMPTS, KEPT_NAMES, Attempts
from tests.administration import (
    PASSWORD,
    Shown,
    assert_nobody_changes,
    log_in,
    looking,
    pages_served,
    superuser,
    unguarded_models,
)
from tests.authserver.caller import OTHER_RESOURCE, RESOURCE
from tests.authserver.test_register_client import PUBLIC_KEY, VALID
from tests.trail import Trail

pytestmark = pytest.mark.django_db
POLICY = RegistrationPolicy(("accounts", "payments"), (RESOURCE, OTHER_RESOURCE), demo=False)


class Monotonic:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture(autouse=True)
def pages(monotonic: Monotonic, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    fresh = Attempts(monotonic)
    monkeypatch.setattr(login, "attempts", lambda: fresh)
    with pages_served():
        yield


@pytest.fixture
def browser() -> Browser:
    return Browser(SERVER_NAME="localhost")


@pytest.fixture
def trail() -> Trail:
    return Trail(settings.AUDIT_DIR / "audit.jsonl")


@pytest.fixture
def registered() -> Client:
    client = register(VALID, POLICY)
    return Client.objects.create(client_id=client.client_id, **columns(client))


def test_nobody_changes_a_client(registered: Client) -> None:
    assert_nobody_changes(registered)


def test_everything_that_it_shows_is_only_shown() -> None:
    assert unguarded_models(("clients",)) == []
    assert run_checks(tags=["admin", "models"]) == []


def test_a_client_is_shown_with_its_name_and_the_thumbprints_of_its_keys(registered: Client) -> None:
    browser = looking(superuser())
    listed = browser.get(Shown(registered).url("changelist"), {"q": "CN=partner"}).content.decode()
    assert "CN=partner,O=Partner Ltd,C=GB" in listed
    page = browser.get(Shown(registered).url("change")).content.decode()
    assert "thumbprints" in page
    assert PUBLIC_KEY["crv"] not in page


def test_whoever_is_not_logged_in_sees_nothing(browser: Browser, registered: Client) -> None:
    for address in ("/admin/", "/admin/state/", Shown(registered).url("change"), "/admin/auth/user/"):
        answer = browser.get(address)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (302, "/admin/login/")


def test_logging_in_and_out_is_recorded_and_the_session_ends(browser: Browser, trail: Trail) -> None:
    superuser()
    assert log_in(browser, "root", PASSWORD).status_code == 302
    assert browser.get("/admin/").status_code == 200
    cookie = browser.cookies["authserver_session"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    stolen = cookie.value

    browser.post("/admin/logout/")
    browser.cookies["authserver_session"] = stolen
    assert browser.get("/admin/").status_code == 302
    events = [(each["event"], each["outcome"], each["user"]) for each in trail.events()]
    assert events == [("admin.login", "accepted", "root"), ("admin.logout", "recorded", "root")]


def test_a_copy_of_the_database_opens_no_session(browser: Browser) -> None:
    superuser()
    log_in(browser, "root", PASSWORD)
    kept = Session.objects.get().session_key
    assert kept != browser.cookies["authserver_session"].value
    browser.cookies["authserver_session"] = kept
    assert browser.get("/admin/").status_code == 302


def test_a_failed_login_is_recorded_with_the_name_of_a_user_and_with_nothing_else(
    browser: Browser, trail: Trail
) -> None:
    superuser()
    log_in(browser, "root", "not the password")
    log_in(browser, "my-password-in-the-wrong-field", "x")
    events = trail.events()
    assert [each["event"] for each in events] == ["admin.login_failed", "admin.login_failed"]
    assert [each.get("user") for each in events] == ["root", None]
    assert not any(secret in str(events) for secret in ("not the password", "wrong-field"))


def test_whoever_guesses_waits_longer_each_time_and_the_right_password_does_not_help(
    browser: Browser, monotonic: Monotonic, trail: Trail
) -> None:
    superuser()
    for _ in range(FREE_ATTEMPTS):
        assert "Too many" not in log_in(browser, "root", "wrong").content.decode()
    assert "Try again in 1 s" in log_in(browser, "ROOT", PASSWORD).content.decode()
    assert trail.last()["detail"] == {"reason": "too many attempts"}
    monotonic.seconds += 1
    assert "Too many" not in log_in(browser, "root", "wrong").content.decode()
    monotonic.seconds += 1
    assert "Try again in 1 s" in log_in(browser, "root", PASSWORD).content.decode()
    monotonic.seconds += 1
    assert log_in(browser, "root", PASSWORD).status_code == 302


def test_the_wait_has_an_end_and_so_has_the_memory_of_names(monotonic: Monotonic) -> None:
    attempts = Attempts(monotonic)
    for _ in range(100):
        attempts.begun("root")
    assert attempts.wait_seconds("root") == 60
    assert attempts.wait_seconds("somebody-else") == 0
    for number in range(KEPT_NAMES):
        attempts.begun(str(number))
    assert attempts.wait_seconds("root") == 0


def test_a_form_without_its_token_is_refused() -> None:
    superuser()
    browser = Browser(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert log_in(browser, "root", PASSWORD).status_code == 403
    assert not Session.objects.exists()


def test_only_superusers_change_users_and_each_change_is_recorded(trail: Trail) -> None:
    user = User.objects.create_user("viewer", password=PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__endswith="user"))
    viewer = looking(user)
    assert viewer.get("/admin/auth/user/").status_code == 403
    assert viewer.post(Shown(user).url("change"), {"is_superuser": "on"}).status_code == 403
    assert viewer.get("/admin/clients/client/").status_code == 403

    new = {"username": "auditor", "password1": "another long password", "password2": "another long password"}
    added = looking(superuser()).post("/admin/auth/user/add/", new)
    assert added.status_code == 302
    event = next(each for each in trail.events() if each["event"] == "admin.user_added")
    assert (event["user"], event["detail"]) == ("root", {"added": "auditor"})
    assert "another long password" not in str(trail.events())


def test_no_page_shows_the_hash_of_a_password() -> None:
    user = superuser()
    salt, digest = user.password.split("$")[-2:]
    page = looking(user).get(Shown(user).url("change")).content.decode()
    assert not any(part[:6] in page for part in (salt, digest))
    assert "Reset password" in page


def test_a_weak_password_is_refused() -> None:
    short = {"username": "auditor", "password1": "correct-hors", "password2": "correct-hors"}
    weak = {**short, "password1": "short", "password2": "short"}
    browser = looking(superuser())
    assert "at least 12 characters" in browser.post("/admin/auth/user/add/", weak).content.decode()
    assert browser.post("/admin/auth/user/add/", short).status_code == 302


def test_the_state_of_the_service_is_shown_as_the_command_says_it() -> None:
    browser = looking(superuser())
    page = browser.get("/admin/state/").content.decode()
    for words in ("authserver", "signing-keys", "certificates", "background task", "late"):
        assert words in page
    assert 'href="/admin/state/"' in browser.get("/admin/").content.decode()


def test_the_first_user_has_a_password_of_its_own_in_a_private_file(
    browser: Browser, settings: Any, tmp_path: Path
) -> None:
    settings.STATE_DIR = tmp_path
    call_command("first_user", stdout=io.StringIO())
    file = tmp_path / "admin-password"
    password = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(password) >= 32
    assert log_in(browser, "admin", password).status_code == 302
    call_command("first_user", stdout=io.StringIO())
    assert (User.objects.count(), file.read_text()) == (1, password)


def test_a_first_user_whose_making_was_interrupted_gets_the_password_in_the_file(
    browser: Browser, settings: Any, tmp_path: Path
) -> None:
    settings.STATE_DIR = tmp_path
    call_command("first_user", stdout=io.StringIO())
    User.objects.all().delete()
    call_command("first_user", stdout=io.StringIO())
    assert log_in(browser, "admin", (tmp_path / "admin-password").read_text()).status_code == 302


def test_where_there_is_a_user_no_other_is_made(settings: Any, tmp_path: Path) -> None:
    settings.STATE_DIR = tmp_path
    superuser()
    call_command("first_user", stdout=io.StringIO())
    assert User.objects.get().username == "root"
    assert not (tmp_path / "admin-password").exists()
