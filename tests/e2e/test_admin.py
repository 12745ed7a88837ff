"""The admin of each service as a browser has it: over sockets, by the password that the environment made."""

import re
import socket
import ssl
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from workshop.environment.deployment import Deployment

SERVICES = ("ca", "authserver", "bank_api")


class Desk:
    """A browser at the pages of one service."""

    def __init__(self, service: str, address: str, password: str) -> None:
        self.service = service
        self.password = password
        self.browser = httpx.Client(base_url=address, trust_env=False, timeout=30)

    def log_in(self, **changes: str) -> httpx.Response:
        """Fill in the form; ``changes`` are headers."""
        token = _token(self.browser.get("/admin/login/").text)
        form = {"username": "admin", "password": self.password, "csrfmiddlewaretoken": token}
        return self.browser.post("/admin/login/?next=/admin/", data=form, headers=changes)

    def log_out(self) -> httpx.Response:
        token = _token(self.browser.get("/admin/").text)
        return self.browser.post("/admin/logout/", data={"csrfmiddlewaretoken": token})


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def addresses(deployment: Deployment) -> dict[str, str]:
    return {
        "ca": deployment.ca_pages_url,
        "authserver": deployment.authserver_pages_url,
        "bank_api": deployment.bank_pages_url,
    }


@pytest.fixture
def desks(deployment: Deployment) -> Iterator[dict[str, Desk]]:
    with ExitStack() as open_browsers:
        found = {
            service: Desk(service, address, deployment.admin_password(service).read_text())
            for service, address in addresses(deployment).items()
        }
        for desk in found.values():
            open_browsers.enter_context(desk.browser)
        yield found


@pytest.fixture(params=SERVICES)
def desk(request: pytest.FixtureRequest, desks: dict[str, Desk]) -> Desk:
    return desks[request.param]


def test_the_password_of_the_environment_opens_the_admin_until_one_logs_out(desk: Desk) -> None:
    assert desk.browser.get("/admin/").status_code == 302
    assert desk.log_in().status_code == 302
    page = desk.browser.get("/admin/")
    assert page.status_code == 200
    assert "State" in page.text
    state = desk.browser.get("/admin/state/").text
    assert "server certificate" in state
    assert "background task" in state
    desk.log_out()
    assert desk.browser.get("/admin/").status_code == 302


def test_each_service_has_a_password_of_its_own_in_a_file_for_its_owner_alone(
    deployment: Deployment, desks: dict[str, Desk]
) -> None:
    assert len({desk.password for desk in desks.values()}) == len(SERVICES)
    for service in SERVICES:
        assert stat.S_IMODE(deployment.admin_password(service).stat().st_mode) == 0o600
    stranger = Desk("ca", addresses(deployment)["ca"], desks["bank_api"].password)
    with stranger.browser:
        assert "correct username and password" in stranger.log_in().text


def test_one_browser_is_logged_in_everywhere_since_no_two_services_share_a_cookie(
    desks: dict[str, Desk],
) -> None:
    names: list[str] = []
    for desk in desks.values():
        answer = desk.log_in()
        for cookie in answer.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
        names += desk.browser.cookies.keys()
    assert len(names) == len(set(names)) == 2 * len(SERVICES)


def test_every_page_of_the_admin_runs_only_what_its_own_service_has_and_is_in_no_frame(desk: Desk) -> None:
    desk.log_in()
    for path in (
        "/admin/login/",
        "/admin/",
        "/admin/state/",
        "/admin/auth/user/",
        "/static/admin/css/base.css",
    ):
        headers = desk.browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; ")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"])
def test_a_foreign_name_that_leads_here_is_refused(desk: Desk, host: str) -> None:
    assert desk.browser.get("/admin/login/").status_code == 200
    for path in ("/admin/login/", "/health", "/static/admin/css/base.css"):
        assert desk.browser.get(path, headers={"Host": host}).status_code == 400


def test_a_page_of_another_origin_logs_nobody_in(desk: Desk) -> None:
    assert desk.log_in(Origin="http://localhost:1").status_code == 403
    assert desk.browser.get("/admin/").status_code == 302


def test_nothing_is_changed_by_a_superuser_over_http(desks: dict[str, Desk]) -> None:
    for service, path in (
        ("ca", "/admin/register/issuedcertificate/"),
        ("authserver", "/admin/clients/client/"),
        ("bank_api", "/admin/accounts/account/"),
    ):
        desk = desks[service]
        desk.log_in()
        token = {"csrfmiddlewaretoken": desk.browser.cookies[f"{service}_csrf"]}
        listed = desk.browser.get(path).text
        row = re.search(rf'href="({path}[^"/]+)/change/', listed)
        assert row is not None
        for address in (f"{path}add/", f"{row[1]}/change/", f"{row[1]}/delete/"):
            answer = desk.browser.post(address, data={**token, "post": "yes"})
            assert answer.status_code == 403
            assert "CSRF" not in answer.text


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/login/", "/admin/state/"])
def test_no_port_that_others_call_has_an_admin_and_neither_has_the_partner(
    deployment: Deployment, path: str
) -> None:
    context = ssl.create_default_context(cafile=str(deployment.trust_bundle))
    with httpx.Client(verify=context, trust_env=False) as caller:
        for origin in (
            deployment.ca_url,
            deployment.ca_public_url,
            deployment.issuer,
            deployment.api_url,
            deployment.partner_url,
        ):
            assert caller.get(f"{origin}/health").status_code == 200
            assert caller.get(f"{origin}{path}").status_code == 404, origin


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 without being asked")
def test_pages_for_people_listen_at_one_loopback_address_alone(deployment: Deployment) -> None:
    for address in (*addresses(deployment).values(), deployment.partner_url):
        port = urlsplit(address).port
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            pass
        # Whoever listens on all addresses would take this one too.
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), timeout=10):
            pass


def test_no_other_origin_reads_what_the_pages_are_made_of(deployment: Deployment) -> None:
    foreign = {"Origin": "https://evil.example"}
    for address in (
        *(f"{origin}/static/admin/css/base.css" for origin in addresses(deployment).values()),
        f"{deployment.partner_url}/static/rotation/home.css",
        f"{deployment.partner_url}/",
        f"{deployment.partner_url}/status",
    ):
        answer = httpx.get(address, headers=foreign, trust_env=False, timeout=30)
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]
