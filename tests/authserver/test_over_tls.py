"""The token endpoint over real TLS connections: what the other files say of its rules, on the wire.

Each case differs from a valid one in one thing, and the valid one is answered beside it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from authserver.client_authentication.assertions import ASSERTION_TYPE
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.authserver.conftest import PARTNER, PARTNER_SANS
from tests.authserver.names_that_differ import (
    CLIENT_URI,
    DIFFERENT_DNS_NAMES,
    DIFFERENT_SUBJECTS,
    DIFFERENT_URIS,
)
from tests.authserver.running import HOUR, RunningServer, issue_now, running
from tests.sender_constraint.pki import SERVER, Issued, make_scheme

CLIENT_ID = "partner"
BY_DNS_NAME = "partner-bearer"
BY_URI = {
    "client_id": "by-uri",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_uri": CLIENT_URI,
}
ACCOUNTS_ONLY = {
    "client_id": "accounts-only",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_dns": "partner.example",
    "scope": "accounts",
    "resources": ["https://localhost:8442"],
}
VALID = {"grant_type": "client_credentials", "client_id": CLIENT_ID}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    yield from running(tmp_path_factory.mktemp("running"), BY_URI, ACCOUNTS_ONLY)


@pytest.fixture(scope="module")
def partner(server: RunningServer) -> Issued:
    return issue_now(server.scheme.issuing, subject=PARTNER, alternative_names=PARTNER_SANS)


def body(**changes: Any) -> bytes:
    form = {name: value for name, value in {**VALID, **changes}.items() if value is not None}
    return urlencode(form, doseq=True).encode()


@pytest.mark.clause("RFC 8705 §3.1")
def test_a_token_is_bound_to_the_certificate_of_its_connection(
    server: RunningServer, partner: Issued
) -> None:
    answer = server.asks([partner], body())
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    claims = jwt.decode(answer.body["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"x5t#S256": certificate_thumbprint(partner.der)}
    assert answer.event["event"] == "token.issued"
    assert answer.event["thumbprint"] == certificate_thumbprint(partner.der)


BAD_REQUEST = (400, "invalid_request")
MALFORMED = [
    (body(grant_type=None), *BAD_REQUEST, "token-request.grant-type"),
    (body(grant_type=""), *BAD_REQUEST, "token-request.grant-type"),
    (body(client_id=None), *BAD_REQUEST, "token-request.client-id"),
    (body(grant_type=["client_credentials"] * 2), *BAD_REQUEST, "token-request.repeated"),
    (body(client_id=[CLIENT_ID] * 2), *BAD_REQUEST, "token-request.repeated"),
    (body(client_id=[CLIENT_ID, "other-partner"]), *BAD_REQUEST, "token-request.repeated"),
    (body(scope=["accounts", "payments"]), *BAD_REQUEST, "token-request.repeated"),
    (body() + b"&x=%zz", *BAD_REQUEST, "token-request.encoding"),
    (body() + b"&x=%ff", *BAD_REQUEST, "token-request.encoding"),
    (body() + b"&x=%00", *BAD_REQUEST, "token-request.encoding"),
    (b"", *BAD_REQUEST, "token-request.grant-type"),
    (body().ljust(20_000, b"x"), 413, "invalid_request", "token-request.body-size"),
    (body(client_secret="x"), *BAD_REQUEST, "client.one-method"),
    (body(client_assertion="x", client_assertion_type=ASSERTION_TYPE), *BAD_REQUEST, "client.one-method"),
    (body(grant_type="password"), 400, "unsupported_grant_type", "grant.supported"),
    (body(client_id="nobody"), 401, "invalid_client", "client.known"),
    (body(client_id="other-partner"), 401, "invalid_client", "client.san-dns"),
    (body(scope="admin"), 400, "invalid_scope", "scope.allowed"),
    (body(scope="accounts  payments"), 400, "invalid_scope", "scope.syntax"),
    (body(resource="https://unknown.example"), 400, "invalid_target", "resource.allowed"),
    (body(resource="https://localhost:8442#x"), 400, "invalid_target", "resource.syntax"),
    (
        body(resource=["https://localhost:8442", "https://other-api.example"]),
        400,
        "invalid_target",
        "resource.one",
    ),
]


@pytest.mark.parametrize(("content", "status", "error", "rule"), MALFORMED, ids=lambda value: str(value)[:70])
def test_a_form_that_differs_in_one_thing_is_refused(
    server: RunningServer, partner: Issued, content: bytes, status: int, error: str, rule: str
) -> None:
    assert server.asks([partner], body()).status == 200
    answer = server.asks([partner], content)
    assert answer.verdict() == (status, error, rule)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.clause("RFC 9110 §15.5.14")
def test_a_body_of_a_megabyte_is_refused(server: RunningServer, partner: Issued) -> None:
    assert server.asks([partner], body()).status == 200
    answer = server.asks([partner], body().ljust(1_000_000, b"x"))
    assert (answer.status, answer.event["rule"]) == (413, "http.body-size")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
def test_another_content_type_is_refused(server: RunningServer, partner: Issued, content_type: str) -> None:
    assert server.asks([partner], body()).status == 200
    answer = server.asks([partner], body(), content_type=content_type)
    assert answer.verdict() == (*BAD_REQUEST, "token-request.content-type")


def test_another_method_is_refused(server: RunningServer, partner: Issued) -> None:
    assert server.asks([partner], body()).status == 200
    answer = server.asks([partner], b"", method="GET")
    assert answer.verdict() == (405, "invalid_request", "token-request.method")
    assert answer.headers["Allow"] == "POST"


def test_a_second_identity_in_the_authorization_header_is_refused(
    server: RunningServer, partner: Issued
) -> None:
    basic = {"Authorization": "Basic cGFydG5lcjpzZWNyZXQ="}
    assert server.asks([partner], body()).status == 200
    assert server.asks([partner], body(), headers=basic).verdict() == (*BAD_REQUEST, "client.one-method")
    answer = server.asks([], body(), headers=basic)
    assert answer.verdict() == (401, "invalid_client", "client.method-supported")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="token"'


@pytest.mark.parametrize("asked", [{"scope": "payments"}, {"resource": "https://other-api.example"}])
def test_what_another_client_may_have_is_refused(
    server: RunningServer, partner: Issued, asked: dict[str, str]
) -> None:
    assert server.asks([partner], body(**asked)).status == 200
    assert server.asks([partner], body(client_id="accounts-only")).status == 200
    answer = server.asks([partner], body(client_id="accounts-only", **asked))
    assert answer.verdict()[1:] in (
        ("invalid_scope", "scope.allowed"),
        ("invalid_target", "resource.allowed"),
    )


def test_a_caller_without_certificate_is_refused(server: RunningServer, partner: Issued) -> None:
    assert server.asks([partner], body()).status == 200
    answer = server.asks([], body())
    assert answer.verdict() == (401, "invalid_client", "certificate.missing")
    assert "WWW-Authenticate" not in answer.headers


NOW = datetime.now(UTC)
WRONG_CERTIFICATES: Sequence[tuple[dict[str, Any], str]] = [
    ({"not_after": NOW - timedelta(minutes=1)}, "certificate.expired"),
    ({"not_before": NOW + HOUR / 2}, "certificate.not-yet-valid"),
    ({"usages": SERVER}, "certificate.purpose-wrong"),
    ({"usages": None}, "certificate.purpose-missing"),
    ({"authority": True, "usages": [ExtendedKeyUsageOID.CLIENT_AUTH]}, "certificate.is-authority"),
]


@pytest.mark.parametrize(("changes", "rule"), WRONG_CERTIFICATES, ids=lambda value: str(value)[:40])
def test_a_certificate_that_is_not_a_valid_clients_is_refused(
    server: RunningServer, partner: Issued, changes: dict[str, Any], rule: str
) -> None:
    assert server.asks([partner], body()).status == 200
    wrong = issue_now(server.scheme.issuing, subject=PARTNER, alternative_names=PARTNER_SANS, **changes)
    assert server.asks([wrong], body()).verdict() == (401, "invalid_client", rule)


def test_a_chain_to_a_foreign_authority_is_refused(server: RunningServer, partner: Issued) -> None:
    foreign = make_scheme()
    wrong = issue_now(foreign.issuing, subject=PARTNER, alternative_names=PARTNER_SANS)
    assert server.asks([partner, server.scheme.issuing], body()).status == 200
    answer = server.asks([wrong, foreign.issuing, foreign.root], body())
    assert answer.verdict() == (401, "invalid_client", "certificate.chain")


def test_a_self_made_certificate_is_refused(server: RunningServer, partner: Issued) -> None:
    assert server.asks([partner], body()).status == 200
    wrong = issue_now(None, subject=PARTNER, alternative_names=PARTNER_SANS)
    assert server.asks([wrong], body()).verdict() == (401, "invalid_client", "certificate.chain")


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("subject", DIFFERENT_SUBJECTS)
def test_a_subject_that_differs_in_one_way_is_refused(
    server: RunningServer, partner: Issued, subject: x509.Name
) -> None:
    assert server.asks([partner], body()).status == 200
    wrong = issue_now(server.scheme.issuing, subject=subject, alternative_names=PARTNER_SANS)
    assert server.asks([wrong], body()).verdict() == (401, "invalid_client", "client.subject-dn")


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("names", DIFFERENT_DNS_NAMES)
def test_a_dns_name_that_differs_in_one_way_is_refused(
    server: RunningServer, partner: Issued, names: list[x509.GeneralName]
) -> None:
    asked = body(client_id=BY_DNS_NAME)
    assert server.asks([partner], asked).status == 200
    wrong = issue_now(server.scheme.issuing, subject="partner.example", alternative_names=names)
    assert server.asks([wrong], asked).verdict() == (401, "invalid_client", "client.san-dns")


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("uri", DIFFERENT_URIS)
def test_a_uri_that_differs_in_one_way_is_refused(server: RunningServer, uri: str | None) -> None:
    asked = body(client_id="by-uri")
    good = issue_now(server.scheme.issuing, alternative_names=[x509.UniformResourceIdentifier(CLIENT_URI)])
    assert server.asks([good], asked).status == 200
    names = [x509.UniformResourceIdentifier(uri)] if uri else []
    wrong = issue_now(server.scheme.issuing, alternative_names=names)
    assert server.asks([wrong], asked).verdict() == (401, "invalid_client", "client.san-uri")
