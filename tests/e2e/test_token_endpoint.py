"""The token endpoint over real sockets: each request differs from a valid one in one thing."""

import base64
from typing import Any

import pytest

from tests.e2e.calling import TokenCaller
from tests.e2e.registering import READER
from tests.e2e.verdict import Verdict
from workshop.environment.deployment import Deployment
from workshop.story.partner import Partner
from workshop.wire import NO_CREDENTIALS, Credentials

ISSUED = "token.issued"
LARGEST_BODY_BYTES = 16_384
SECRET = "tr0ub4dor"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def other_partners(deployment: Deployment) -> Credentials:
    folder = deployment.certificate_store("other_partner") / "current"
    return Credentials(folder / "certificate.pem", folder / "private-key.pem")


@pytest.mark.clause("RFC 6749 §5.1")
def test_a_valid_request_gets_a_token_that_no_record_holds(
    token_caller: TokenCaller, verdict: Verdict, deployment: Deployment, partner: Partner
) -> None:
    exchange = token_caller.asks()
    event = verdict.accepted(exchange, ISSUED)
    answer = exchange.json()
    assert (answer["token_type"], answer["scope"], exchange.headers["pragma"]) == (
        "Bearer",
        "accounts payments",
        "no-cache",
    )
    assert (event["client_id"], event["thumbprint"]) == ("partner", partner.generation.thumbprint)
    assert answer["access_token"] not in deployment.audit_file("authserver").read_text()


@pytest.mark.clause("RFC 6749 §3.2")
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
@pytest.mark.parametrize(
    ("parameter", "rule"),
    [("grant_type", "token-request.grant-type"), ("client_id", "token-request.client-id")],
)
def test_a_request_that_lacks_a_parameter_is_refused(
    token_caller: TokenCaller, verdict: Verdict, parameter: str, value: str | None, rule: str
) -> None:
    verdict.accepted(token_caller.asks(), ISSUED)
    verdict.refused(token_caller.asks(**{parameter: value}), 400, "invalid_request", rule)


@pytest.mark.clause("RFC 6749 §3.2")
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("grant_type", "client_credentials"),
        ("client_id", "partner"),
        ("scope", "accounts"),
        ("unknown", "x"),
    ],
)
def test_a_parameter_that_is_sent_twice_is_refused_even_with_the_same_value(
    token_caller: TokenCaller, verdict: Verdict, parameter: str, value: str
) -> None:
    verdict.accepted(token_caller.asks(**{parameter: value}), ISSUED)
    exchange = token_caller.sends(token_caller.body(**{parameter: [value, value]}))
    event = verdict.refused(exchange, 400, "invalid_request", "token-request.repeated")
    assert event["detail"]["presented"] == [parameter]


@pytest.mark.clause("RFC 6749 §3.2")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "application/x-www-form-urlencoded, application/x-www-form-urlencoded",
        None,
    ],
)
def test_another_content_type_is_refused(
    token_caller: TokenCaller, verdict: Verdict, content_type: str | None
) -> None:
    as_form = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    verdict.accepted(token_caller.but(headers=as_form).asks(), ISSUED)
    exchange = token_caller.but(headers={"Content-Type": content_type}).asks()
    verdict.refused(exchange, 400, "invalid_request", "token-request.content-type")


@pytest.mark.clause("RFC 9110 §15.5.14")
def test_a_body_of_a_megabyte_is_refused_before_it_is_read(
    token_caller: TokenCaller, verdict: Verdict
) -> None:
    exchange = token_caller.sends(padded(token_caller, 2**20))
    event = verdict.refused_by_the_front(exchange, 413, "http.body-size")
    assert event["detail"]["presented"] == 2**20
    assert exchange.headers["connection"] == "close"
    verdict.accepted(token_caller.asks(), ISSUED)


@pytest.mark.clause("RFC 9110 §15.5.14")
def test_a_body_may_have_16_kib_and_not_a_byte_more(token_caller: TokenCaller, verdict: Verdict) -> None:
    verdict.accepted(token_caller.sends(padded(token_caller, LARGEST_BODY_BYTES)), ISSUED)
    exchange = token_caller.sends(padded(token_caller, LARGEST_BODY_BYTES + 1))
    verdict.refused(exchange, 413, "invalid_request", "token-request.body-size")


@pytest.mark.clause("RFC 6749 §B")
@pytest.mark.parametrize(
    "addition",
    [b"&x=%", b"&x=%4", b"&x=%zz", b"&x=%ff", b"&x=\xff", b"&x=%c3%28", b"&x=%00", b"&x=\x01", b"&x=%0a"],
    ids=repr,
)
def test_a_body_that_is_no_form_in_utf_8_is_refused(
    token_caller: TokenCaller, verdict: Verdict, addition: bytes
) -> None:
    verdict.accepted(token_caller.sends(token_caller.body() + b"&x=%c3%a9"), ISSUED)
    exchange = token_caller.sends(token_caller.body() + addition)
    verdict.refused(exchange, 400, "invalid_request", "token-request.encoding")


@pytest.mark.clause("RFC 6749 §3.2")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_than_post_is_refused(
    token_caller: TokenCaller, verdict: Verdict, method: str
) -> None:
    verdict.accepted(token_caller.asks(), ISSUED)
    exchange = token_caller.but(method=method).asks()
    verdict.refused(exchange, 405, "invalid_request", "token-request.method")
    assert exchange.headers["allow"] == "POST"


@pytest.mark.clause("RFC 6749 §2.3.1")
def test_parameters_in_the_address_are_refused(token_caller: TokenCaller, verdict: Verdict) -> None:
    verdict.accepted(token_caller.asks(scope="accounts"), ISSUED)
    exchange = token_caller.but(query="?scope=accounts").asks()
    verdict.refused(exchange, 400, "invalid_request", "token-request.query")


@pytest.mark.clause("RFC 6749 §5.2")
@pytest.mark.parametrize(
    "grant_type",
    ["authorization_code", "password", "refresh_token", "CLIENT_CREDENTIALS", "client_credentials "],
)
def test_an_unknown_grant_is_refused(token_caller: TokenCaller, verdict: Verdict, grant_type: str) -> None:
    verdict.accepted(token_caller.asks(), ISSUED)
    exchange = token_caller.asks(grant_type=grant_type)
    event = verdict.refused(exchange, 400, "unsupported_grant_type", "grant.supported")
    assert event["detail"]["presented"] == grant_type


@pytest.mark.clause("RFC 6749 §5.2")
def test_an_unknown_client_and_another_clients_certificate_get_one_answer_and_two_reasons(
    token_caller: TokenCaller, verdict: Verdict, deployment: Deployment
) -> None:
    verdict.accepted(token_caller.asks(), ISSUED)
    verdict.accepted(
        token_caller.but(credentials=other_partners(deployment)).asks(client_id="other-partner"), ISSUED
    )
    unknown = token_caller.asks(client_id="nobody")
    verdict.refused(unknown, 401, "invalid_client", "client.known")
    of_another = token_caller.but(credentials=other_partners(deployment)).asks()
    event = verdict.refused(of_another, 401, "invalid_client", "client.subject-dn")
    assert event["detail"]["presented"] == "CN=other-partner,O=Other Partner Ltd,C=GB"
    assert unknown.body == of_another.body
    assert "www-authenticate" not in of_another.headers


@pytest.mark.clause("RFC 8705 §2.1")
@pytest.mark.parametrize(
    ("client_id", "rule"), [("partner-bearer", "client.san-dns"), ("short-lived", "client.san-uri")]
)
def test_the_certificate_of_another_client_is_refused_by_each_form_of_name(
    token_caller: TokenCaller, verdict: Verdict, deployment: Deployment, client_id: str, rule: str
) -> None:
    verdict.accepted(token_caller.asks(client_id=client_id), ISSUED)
    exchange = token_caller.but(credentials=other_partners(deployment)).asks(client_id=client_id)
    verdict.refused(exchange, 401, "invalid_client", rule)


@pytest.mark.clause("RFC 8705 §2")
def test_a_connection_without_a_certificate_authenticates_nobody(
    token_caller: TokenCaller, verdict: Verdict
) -> None:
    verdict.accepted(token_caller.asks(), ISSUED)
    exchange = token_caller.but(credentials=NO_CREDENTIALS).asks()
    verdict.refused(exchange, 401, "invalid_client", "certificate.missing")


SECOND_IDENTITIES: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {
    "client_secret": ({"client_secret": SECRET}, {}, ["client_secret"]),
    "client_assertion": (
        {"client_assertion": "e30.e30.e30", "client_assertion_type": ASSERTION_TYPE},
        {},
        ["client_assertion", "client_assertion_type"],
    ),
    "Authorization": (
        {},
        {"Authorization": "Basic " + base64.b64encode(f"partner:{SECRET}".encode()).decode()},
        ["Authorization"],
    ),
}


@pytest.mark.clause("RFC 6749 §2.3")
@pytest.mark.parametrize(("form", "headers", "presented"), SECOND_IDENTITIES.values(), ids=SECOND_IDENTITIES)
def test_a_second_identity_beside_the_certificate_is_refused(
    token_caller: TokenCaller,
    verdict: Verdict,
    deployment: Deployment,
    form: dict[str, Any],
    headers: dict[str, str],
    presented: list[str],
) -> None:
    verdict.accepted(token_caller.asks(), ISSUED)
    exchange = token_caller.but(headers=headers).asks(**form)
    event = verdict.refused(exchange, 400, "invalid_request", "client.one-method")
    assert event["detail"]["presented"] == presented
    assert SECRET not in deployment.audit_file("authserver").read_text()


@pytest.mark.clause("RFC 6749 §5.2")
@pytest.mark.parametrize(
    ("form", "headers", "presented"), [SECOND_IDENTITIES[name] for name in ("client_secret", "Authorization")]
)
def test_an_identity_in_place_of_the_certificate_is_refused_in_its_own_scheme(
    token_caller: TokenCaller,
    verdict: Verdict,
    form: dict[str, Any],
    headers: dict[str, str],
    presented: list[str],
) -> None:
    verdict.accepted(token_caller.asks(), ISSUED)
    exchange = token_caller.but(headers=headers, credentials=NO_CREDENTIALS).asks(**form)
    event = verdict.refused(exchange, 401, "invalid_client", "client.method-supported")
    assert event["detail"]["presented"] == presented
    assert exchange.headers.get("www-authenticate") == ('Basic realm="token"' if headers else None)


@pytest.mark.usefixtures("registered")
@pytest.mark.clause("RFC 6749 §3.3")
@pytest.mark.parametrize(
    ("scope", "rule"),
    [
        ("accounts payments", "scope.allowed"),
        ("payments", "scope.allowed"),
        ("admin", "scope.allowed"),
        ("ACCOUNTS", "scope.allowed"),
        ("accounts  accounts", "scope.syntax"),
        (" accounts", "scope.syntax"),
        ('"accounts"', "scope.syntax"),
        ("accounts\u00e9", "scope.syntax"),
    ],
)
def test_a_scope_that_the_client_may_not_have_is_refused(
    token_caller: TokenCaller, verdict: Verdict, scope: str, rule: str
) -> None:
    reader = token_caller.but(client_id=READER)
    granted = reader.asks(scope="accounts")
    verdict.accepted(granted, ISSUED)
    assert granted.json()["scope"] == "accounts"
    verdict.refused(reader.asks(scope=scope), 400, "invalid_scope", rule)


OTHER_RESOURCE = "https://other-api.example"


@pytest.mark.usefixtures("registered")
@pytest.mark.clause("RFC 8707 §2")
@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        (OTHER_RESOURCE, "resource.allowed"),
        ("https://unknown.example", "resource.allowed"),
        ("{own}/", "resource.allowed"),
        ("{own}#accounts", "resource.syntax"),
        ("/accounts", "resource.syntax"),
        (["{own}", OTHER_RESOURCE], "resource.one"),
    ],
)
def test_a_resource_that_the_client_may_not_call_is_refused(
    token_caller: TokenCaller, verdict: Verdict, deployment: Deployment, resource: str | list[str], rule: str
) -> None:
    own = deployment.api_url
    reader = token_caller.but(client_id=READER)
    verdict.accepted(reader.asks(resource=[own, own]), ISSUED)
    verdict.accepted(token_caller.asks(resource=OTHER_RESOURCE), ISSUED)
    values = [resource] if isinstance(resource, str) else resource
    exchange = reader.asks(resource=[value.format(own=own) for value in values])
    verdict.refused(exchange, 400, "invalid_target", rule)


def padded(caller: TokenCaller, size: int) -> bytes:
    """The valid form with a parameter that makes it this many bytes long."""
    form = caller.body() + b"&padding="
    return form + b"x" * (size - len(form))
