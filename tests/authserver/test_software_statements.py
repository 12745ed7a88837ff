"""RFC 7591 §2.3: clients register by a statement of the scheme's directory, not by the bank's token."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from authserver.checks import check_software_statements
from authserver.clients.models import Client
from authserver.registration.statement_keys import StatementKeys
from sender_constraint.core.errors import TemporarilyUnavailable
from sender_constraint.core.revocation import State
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.asserting import METADATA as ASSERTING
from tests.authserver.caller import Caller, Verdict
from tests.authserver.conftest import PARTNER_DN
from tests.authserver.test_rfc7591_registration import BY_NAME, call, initial_token
from tests.authserver.test_rfc8705_self_signed import OWN, STRANGERS, keys
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue
from tests.sender_constraint.statuses import Statuses

DIRECTORY = "https://directory.example"
ISSUER = "https://localhost:8441"
KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
KEY_ID = "directory-1"
JWKS = {"keys": [{**jwk_of(KEY), "kid": KEY_ID, "use": "sig", "alg": "ES256"}]}
NOW_SECONDS = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": DIRECTORY,
    "iat": NOW_SECONDS - 60,
    "exp": NOW_SECONDS + 3600,
    "jti": "one",
    "software_id": "partner",
    "client_name": "Partner Ltd",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": PARTNER_DN,
    "scope": "accounts",
}
THIEF_DN = "CN=thief,O=Thief Ltd,C=GB"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _directory(now: list[datetime], settings: Any, tmp_path: Path) -> None:  # noqa: ARG001 - its effect
    file = tmp_path / "directory.json"
    file.write_text(json.dumps(JWKS))
    settings.SOFTWARE_STATEMENT_ISSUER, settings.SOFTWARE_STATEMENT_JWKS = DIRECTORY, str(file)


def statement(
    key: ec.EllipticCurvePrivateKey = KEY, header: dict[str, Any] | None = None, **claims: Any
) -> str:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jws.sign({"typ": "software-statement+jwt", "kid": KEY_ID, **(header or {})}, said, key)


@pytest.fixture
def shows(partner_certificate: Issued) -> Any:
    """Registers on a connection with the partner's certificate."""

    def registers(
        presented: Any = None, *, showing: tuple[Issued, ...] = (partner_certificate,), **metadata: Any
    ) -> Any:
        body = {"software_statement": statement() if presented is None else presented, **metadata}
        return call("POST", "/register", None, body, showing=showing)

    return registers


def test_who_has_the_certificate_that_its_statement_names_registers_without_a_token(
    shows: Any, verdict: Verdict, partner_certificate: Issued
) -> None:
    presented = statement()
    response = shows(presented)
    assert response.status_code == 201, response.content
    told = response.json()
    event = verdict.trail.last()
    assert (event["event"], event["detail"]["by"]) == (
        "client.registered",
        {"iss": DIRECTORY, "software_id": "partner", "jti": "one"},
    )
    assert presented not in verdict.trail.file.read_text()
    verdict.accepted(Caller(told["client_id"], (partner_certificate.der,)).asks())


@pytest.mark.clause("RFC 7591 §3.2.1")
def test_the_statement_comes_back_unmodified_and_what_it_says_beside_it(
    shows: Any, partner_certificate: Issued
) -> None:
    presented = statement()
    told = shows(presented).json()
    stated = (
        "software_id",
        "client_name",
        "token_endpoint_auth_method",
        "tls_client_auth_subject_dn",
        "scope",
    )
    assert {name: told[name] for name in stated} == {name: CLAIMS[name] for name in stated}
    assert told["software_statement"] == presented
    path = told["registration_client_uri"].removeprefix(ISSUER)
    read = call("GET", path, told["registration_access_token"], showing=(partner_certificate,))
    assert read.json() == told


@pytest.mark.clause("RFC 7591 §2.3")
def test_values_of_the_statement_win_over_those_beside_it(shows: Any) -> None:
    told = shows(client_name="Bank plc", scope="accounts payments", software_id="bank").json()
    assert (told["client_name"], told["scope"], told["software_id"]) == ("Partner Ltd", "accounts", "partner")


@pytest.mark.clause("RFC 7591 §2.3")
@pytest.mark.parametrize(
    "beside",
    [
        {"tls_client_auth_subject_dn": THIEF_DN},
        {"tls_client_auth_san_dns": "thief.example"},
        {"jwks": keys(STRANGERS)},
        {"jwks_uri": "https://thief.example/jwks"},
    ],
    ids=lambda beside: next(iter(beside)),
)
def test_another_name_or_key_beside_the_statements_contradicts_it(
    shows: Any, verdict: Verdict, beside: dict[str, Any]
) -> None:
    assert shows(tls_client_auth_subject_dn=PARTNER_DN).status_code == 201
    verdict.refused(shows(**beside), 400, "invalid_software_statement", "statement.contradicted")


@pytest.mark.clause("RFC 7591 §2.3")
def test_a_statement_may_be_used_several_times(shows: Any) -> None:
    presented = statement()
    first, second = shows(presented).json(), shows(presented).json()
    assert first["client_id"] != second["client_id"]


def flattened(presented: str, **header: Any) -> str:
    """The same with members of the header changed, and the old signature."""
    _, payload, signature = presented.split(".")
    changed = {**jws.header_of(presented), **header}
    return f"{jws.encode(json.dumps(changed).encode())}.{payload}.{signature}"


def forged(presented: str) -> str:
    """The same for somebody else, with the old signature."""
    header, _, signature = presented.split(".")
    payload = {**jws.payload_of(presented), "tls_client_auth_subject_dn": THIEF_DN}
    return f"{header}.{jws.encode(json.dumps(payload).encode())}.{signature}"


UNSIGNED = flattened(statement(), alg="none").rpartition(".")[0] + "."
INVALID: list[tuple[Any, str]] = [
    (1, "statement.form"),
    ("a.b", "statement.form"),
    ("x" * 9000, "statement.form"),
    (jws.encode(b"{") + ".e30.AA", "statement.form"),
    (jws.encode(b'{"alg":"ES256","alg":"ES256"}') + ".e30.AA", "statement.form"),
    (statement(header={"typ": "at+jwt"}), "statement.type"),
    (statement(header={"typ": 1}), "statement.type"),
    (UNSIGNED, "statement.algorithm"),
    (flattened(statement(), alg="HS256"), "statement.algorithm"),
    (flattened(statement(), alg="RS256"), "statement.algorithm"),
    (statement(header={"crit": ["b64"], "b64": True}), "statement.critical"),
    (statement(exp=None), "statement.claims"),
    (statement(iat="now"), "statement.claims"),
    (statement(exp=True), "statement.claims"),
    (statement(software_id=None), "statement.claims"),
    (statement(software_id=""), "statement.claims"),
    (statement(iss=None), "statement.claims"),
    (statement(header={"kid": "directory-2"}), "statement.key"),
    (flattened(statement(), alg="PS256"), "statement.key"),
    (statement(OTHER_KEY), "statement.signature"),
    (forged(statement()), "statement.signature"),
    (statement(exp=NOW_SECONDS), "statement.expired"),
    (statement(iat=NOW_SECONDS + 31), "statement.in-future"),
    (statement(nbf=NOW_SECONDS + 31), "statement.in-future"),
    (statement(aud="https://other-bank.example"), "statement.audience"),
    (statement(aud=["https://other-bank.example"]), "statement.audience"),
    (statement(aud=1), "statement.audience"),
]


@pytest.mark.clause("RFC 7591 §3.2.2")
@pytest.mark.clause("RFC 8725 §3.1")
@pytest.mark.parametrize(
    ("presented", "rule"), INVALID, ids=[f"{rule}-{n}" for n, (_, rule) in enumerate(INVALID)]
)
def test_a_statement_that_is_not_the_directorys_for_us_and_now_is_refused(
    shows: Any, verdict: Verdict, presented: Any, rule: str
) -> None:
    assert shows().status_code == 201
    before = Client.objects.count()
    verdict.refused(shows(presented), 400, "invalid_software_statement", rule)
    assert Client.objects.count() == before


@pytest.mark.parametrize(
    "presented",
    [
        statement(header={"typ": "JWT"}),
        statement(header={"typ": "application/software-statement+jwt"}),
        statement(aud=["https://other-bank.example", ISSUER]),
        statement(iat=NOW_SECONDS + 29),
        statement(jti=None, client_name=None, scope=None),
    ],
    ids=["typ", "media type", "audience", "clock", "fewer claims"],
)
def test_statements_of_other_directories_may_look_otherwise(shows: Any, presented: str) -> None:
    assert shows(presented).status_code == 201


@pytest.mark.clause("RFC 7591 §3.2.2")
def test_of_another_issuer_and_where_nobodys_are_taken_a_statement_is_not_approved(
    shows: Any, verdict: Verdict, settings: Any
) -> None:
    code, rule = "unapproved_software_statement", "statement.issuer"
    assert shows().status_code == 201
    verdict.refused(shows(statement(iss="https://other.example")), 400, code, rule)
    settings.SOFTWARE_STATEMENT_ISSUER = settings.SOFTWARE_STATEMENT_JWKS = ""
    verdict.refused(shows(), 400, code, rule)
    verdict.refused(shows(statement(iss="")), 400, "invalid_software_statement", "statement.claims")
    body = {**BY_NAME, "software_statement": statement()}
    verdict.refused(call("POST", "/register", initial_token(), body), 400, code, rule)


@pytest.mark.clause("RFC 7591 §5")
def test_a_copied_statement_is_worth_nothing_without_the_certificate_that_it_names(
    shows: Any, verdict: Verdict, scheme: Scheme, partner_certificate: Issued
) -> None:
    assert shows().status_code == 201
    thief = issue(scheme.issuing, subject="thief")
    same_name = issue(None, subject=partner_certificate.certificate.subject)
    for showing in ((), (thief,), (same_name,)):
        response = shows(showing=showing)
        verdict.refused(response, 400, "unapproved_software_statement", "statement.certificate")


@pytest.mark.clause("RFC 7591 §5")
def test_with_a_revoked_certificate_nobody_registers_by_a_statement(
    shows: Any, verdict: Verdict, partner_certificate: Issued, statuses: Statuses
) -> None:
    assert shows().status_code == 201
    statuses.say(partner_certificate.certificate, State.REVOKED)
    verdict.refused(shows(), 400, "unapproved_software_statement", "statement.certificate")
    statuses.say_nothing(partner_certificate.certificate)
    verdict.refused(shows(), 503, "temporarily_unavailable", "certificate.status-stale")


@pytest.mark.clause("RFC 7591 §5")
def test_a_copied_statement_that_names_nobody_is_worth_nothing(shows: Any, verdict: Verdict) -> None:
    assert shows().status_code == 201
    nobodys = statement(tls_client_auth_subject_dn=None)
    response = shows(nobodys, tls_client_auth_subject_dn=PARTNER_DN)
    verdict.refused(response, 400, "unapproved_software_statement", "statement.names-nobody")


@pytest.mark.clause("RFC 8705 §2.2")
def test_a_statement_may_name_a_certificate_of_the_clients_own_or_a_key(shows: Any, verdict: Verdict) -> None:
    own = statement(
        token_endpoint_auth_method="self_signed_tls_client_auth",
        tls_client_auth_subject_dn=None,
        jwks=keys(OWN),
    )
    assert shows(own, showing=(OWN,)).status_code == 201
    response = shows(own, showing=(STRANGERS,))
    verdict.refused(response, 400, "unapproved_software_statement", "statement.certificate")
    by_key = statement(
        token_endpoint_auth_method="private_key_jwt",
        tls_client_auth_subject_dn=None,
        jwks=ASSERTING["jwks"],
    )
    assert shows(by_key, showing=(), dpop_bound_access_tokens=True).status_code == 201


@pytest.mark.clause("RFC 7591 §3")
def test_beside_a_token_a_statement_is_verified_all_the_same(verdict: Verdict) -> None:
    def both(presented: str, token: str) -> Any:
        return call("POST", "/register", token, {**BY_NAME, "software_statement": presented})

    response = both(statement(OTHER_KEY), initial_token())
    verdict.refused(response, 400, "invalid_software_statement", "statement.signature")
    response = both(statement(), initial_token())
    verdict.refused(response, 400, "unapproved_software_statement", "statement.certificate")
    response = both(statement(), "guessed")
    verdict.refused(response, 401, "invalid_token", "registration-endpoint.initial-token")


def test_a_statement_says_nothing_that_only_the_banks_operator_may_say(shows: Any, verdict: Verdict) -> None:
    response = shows(statement(client_id="partner"))
    verdict.refused(response, 400, "invalid_client_metadata", "registration-endpoint.operators-members")
    response = shows(statement(scope="everything"))
    verdict.refused(response, 400, "invalid_client_metadata", "registration.scope")


@pytest.mark.clause("RFC 7592 §2.2")
def test_an_update_stays_under_the_statement_of_the_registration(
    shows: Any, verdict: Verdict, partner_certificate: Issued, now: list[datetime]
) -> None:
    told = shows(statement(exp=NOW_SECONDS + 10)).json()
    path = told["registration_client_uri"].removeprefix(ISSUER)
    answered = ("registration_access_token", "registration_client_uri", "client_id_issued_at")
    metadata = {name: value for name, value in told.items() if name not in answered}

    def updates(**changes: Any) -> Any:
        body = {name: value for name, value in {**metadata, **changes}.items() if value is not None}
        token = told["registration_access_token"]
        return call("PUT", path, token, body, showing=(partner_certificate,))

    now[0] = NOW + timedelta(seconds=20)
    updated = updates(client_name="Bank plc", access_token_lifetime_seconds=60)
    assert updated.status_code == 200, updated.content
    assert updated.json()["client_name"] == "Partner Ltd"
    assert updated.json()["access_token_lifetime_seconds"] == 60
    for other in (statement(jti="two"), None):
        response = updates(software_statement=other)
        verdict.refused(response, 400, "invalid_software_statement", "statement.same")
    response = updates(tls_client_auth_subject_dn=THIEF_DN)
    verdict.refused(response, 400, "invalid_software_statement", "statement.contradicted")


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"keys": [1]}'])
def test_without_the_directorys_keys_nothing_is_accepted_and_nothing_refused_for_ever(
    shows: Any, verdict: Verdict, settings: Any, content: str | None
) -> None:
    file = Path(settings.SOFTWARE_STATEMENT_JWKS)
    assert shows().status_code == 201
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    verdict.refused(shows(), 503, "temporarily_unavailable", "statement.keys-away")
    file.write_text(json.dumps(JWKS))
    assert shows().status_code == 201


def test_the_directorys_keys_are_fetched_and_a_key_that_was_taken_away_stops() -> None:
    answers, seconds = [httpx.Response(200, json=JWKS)], [0.0]
    transport = httpx.MockTransport(
        lambda _: httpx.Response(answers[0].status_code, content=answers[0].content)
    )
    fetched = StatementKeys(
        "https://directory.example/jwks",
        lambda: httpx.Client(transport=transport),
        promise_seconds=5,
        monotonic=lambda: seconds[0],
    )
    assert fetched.get() == JWKS
    answers[0] = httpx.Response(200, json={"keys": []})
    seconds[0] += 5.1
    assert fetched.get() == {"keys": []}
    answers[0] = httpx.Response(500)
    seconds[0] += 5.1
    with pytest.raises(TemporarilyUnavailable):
        fetched.get()


@pytest.mark.parametrize(
    ("issuer", "source", "said"),
    [
        ("", "", []),
        (DIRECTORY, "https://directory.example/jwks", []),
        (DIRECTORY, "", ["authserver.E014"]),
        ("", "/keys.json", ["authserver.E014"]),
        (DIRECTORY, "http://directory.example/jwks", ["authserver.E014"]),
    ],
)
def test_settings_that_do_not_go_together_are_told_at_start(
    settings: Any, issuer: str, source: str, said: list[str]
) -> None:
    settings.SOFTWARE_STATEMENT_ISSUER, settings.SOFTWARE_STATEMENT_JWKS = issuer, source
    assert [each.id for each in check_software_statements()] == said
