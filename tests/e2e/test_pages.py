"""The bank's pages for people, over plain HTTP: complete without any other site, and no way to the API."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.e2e.calling import APICaller
from workshop.environment.deployment import Deployment

ASSETS = {"link": "href", "script": "src", "img": "src", "a": "href"}


class Page(HTMLParser):
    """What a page loads and leads to, and what stands in its scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self._inside = tag
        if address := attributes.get(ASSETS.get(tag, "")):
            self.addresses.append(address)
        if "data-document" in attributes:
            self.addresses.append(attributes["data-document"] or "")
        assert not any(name.startswith("on") or name == "style" for name in attributes), attrs

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.inline += data.strip()


@pytest.fixture
def pages(deployment: Deployment) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=deployment.bank_pages_url, trust_env=False) as client:
        yield client


def test_the_documentation_has_all_that_it_needs_from_its_own_origin(
    pages: httpx.Client, deployment: Deployment
) -> None:
    answer = pages.get("/", follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/documentation")
    page = Page(answer.text)
    assert page.inline == ""
    assert len(page.addresses) >= 5
    for address in page.addresses:
        url = urljoin(str(answer.url), address)
        assert url.startswith(f"{deployment.bank_pages_url}/")
        found = pages.get(url, follow_redirects=True)
        assert found.status_code == 200
        assert found.headers["x-content-type-options"] == "nosniff"


def test_the_style_of_the_documentation_leads_nowhere_else(pages: httpx.Client) -> None:
    css = pages.get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css").text
    assert {each[:5] for each in re.findall(r"url\([\"']?([^)]*)", css)} == {"data:"}
    assert "@import" not in css


@pytest.mark.parametrize(
    "path", ["/documentation", "/openapi.json", "/health", "/static/bank_api/documentation.js"]
)
def test_a_page_loads_and_runs_what_its_own_service_has_and_nothing_inline(
    pages: httpx.Client, path: str
) -> None:
    policy = pages.get(path).headers["content-security-policy"]
    directives = {
        name: sources for name, _, sources in (each.strip().partition(" ") for each in policy.split(";"))
    }
    assert directives["default-src"] == "'self'"
    assert "script-src" not in directives
    assert directives["frame-ancestors"] == directives["object-src"] == directives["base-uri"] == "'none'"
    assert "unsafe-eval" not in policy
    assert not urlsplit(policy).netloc


def test_the_documentation_is_about_the_api_that_is_served(pages: httpx.Client, api: APICaller) -> None:
    document = pages.get("/openapi.json").json()
    assert document == api.gets("/openapi.json").json()
    assert document["servers"] == [{"url": api.url}]


@pytest.mark.parametrize(
    "path", ["/accounts", "/payments", "/demo/bearer/accounts", "/.well-known/oauth-protected-resource"]
)
def test_the_api_is_not_served_in_the_clear(pages: httpx.Client, api: APICaller, path: str) -> None:
    answer = pages.get(path, headers={"Authorization": f"Bearer {api.token}"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "bank-api"])
def test_a_foreign_name_that_leads_here_opens_no_page(pages: httpx.Client, host: str) -> None:
    assert pages.get("/documentation").status_code == 200
    assert pages.get("/documentation", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/static/../settings.py", "/static/%2e%2e/settings.py", "/static//etc/passwd", "/static/"]
)
def test_only_files_that_are_meant_for_pages_are_served(pages: httpx.Client, path: str) -> None:
    assert pages.get(path).status_code in (400, 404)
