"""Access tokens at the API, over real sockets: each differs from a valid one in one thing."""

import http.client
import json
import ssl
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sender_constraint.core.correlation import CORRELATION_HEADER
from sender_constraint.resource_server.introspection import is_opaque
from tests.e2e.calling import APICaller
from tests.e2e.minting import Mint
from tests.e2e.verdict import Verdict
from tests.sender_constraint.resource_server import tokens
from tests.sender_constraint.resource_server.malformed_tokens import (
    MALFORMED_CLAIMS,
    MalformedToken,
    encoded,
    malformed_tokens,
)
from workshop.environment.deployment import Deployment

ANSWERED = "api.call"
# What the front reads of one header line, "Authorization: Bearer " included.
LONGEST_TOKEN = 8190 - len("Authorization: Bearer ")
LEEWAY_SECONDS = 5
FUTURE_SECONDS = 45
# How long a call may take on a busy machine: "just inside" must still be inside when it arrives.
MARGIN_SECONDS = 2

NAMES = [each.name for each in malformed_tokens(tokens.sign(tokens.claims())) if each.is_sendable]


@pytest.fixture(scope="module")
def certificate_der(api: APICaller) -> bytes:
    """The certificate of the partner's connections."""
    assert api.credentials.certificate is not None
    leaf = x509.load_pem_x509_certificate(api.credentials.certificate.read_bytes())
    return leaf.public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def corpus(api: APICaller) -> dict[str, MalformedToken]:
    return {each.name: each for each in malformed_tokens(api.token)}


@pytest.mark.clause("RFC 9068 §4")
@pytest.mark.parametrize("name", NAMES)
def test_a_malformed_token_is_refused_for_what_is_wrong_with_it(
    api: APICaller, verdict: Verdict, corpus: dict[str, MalformedToken], name: str
) -> None:
    malformed = corpus[name]
    exchange = api.but(token=malformed.token).gets()
    if len(malformed.token) > LONGEST_TOKEN:
        verdict.refused_by_the_front(exchange, 431, "http.syntax")
    elif malformed.is_presentable and is_opaque(malformed.token):
        verdict.challenged(exchange, 401, "invalid_token", "token.inactive")
    elif malformed.is_presentable:
        verdict.challenged(exchange, 401, "invalid_token", malformed.rule)
    else:
        verdict.challenged(exchange, 400, "invalid_request", "presentation.malformed")
    verdict.accepted(api.gets(), ANSWERED)


@pytest.mark.clause("RFC 9068 §2.2")
@pytest.mark.parametrize(
    ("claim", "value", "rule"),
    [case[1:] for case in MALFORMED_CLAIMS],
    ids=[case[0] for case in MALFORMED_CLAIMS],
)
def test_a_claim_that_is_not_as_it_should_be_is_refused_though_it_is_signed(
    api: APICaller, mint: Mint, verdict: Verdict, certificate_der: bytes, claim: str, value: Any, rule: str
) -> None:
    verdict.accepted(api.but(token=mint.token(certificate_der)).gets(), ANSWERED)
    exchange = api.but(token=mint.token(certificate_der, **{claim: value})).gets()
    verdict.challenged(exchange, 401, "invalid_token", rule)


@pytest.mark.clause("RFC 9068 §4")
@pytest.mark.parametrize(
    ("claim", "inside", "outside", "rule"),
    [
        ("exp", MARGIN_SECONDS - LEEWAY_SECONDS, -LEEWAY_SECONDS, "token.expired"),
        ("nbf", FUTURE_SECONDS, FUTURE_SECONDS + MARGIN_SECONDS, "token.not-yet-valid"),
        ("iat", FUTURE_SECONDS, FUTURE_SECONDS + MARGIN_SECONDS, "token.issued-in-future"),
    ],
)
def test_clocks_may_differ_by_the_leeway_and_not_by_more(
    api: APICaller,
    mint: Mint,
    verdict: Verdict,
    certificate_der: bytes,
    claim: str,
    inside: float,
    outside: float,
    rule: str,
) -> None:
    good = mint.token(certificate_der, **{claim: time.time() + inside})
    verdict.accepted(api.but(token=good).gets(), ANSWERED)
    bad = mint.token(certificate_der, **{claim: time.time() + outside})
    event = verdict.challenged(api.but(token=bad).gets(), 401, "invalid_token", rule)
    assert event["detail"]["leeway_seconds"] == (LEEWAY_SECONDS if claim == "exp" else FUTURE_SECONDS)


@pytest.mark.clause("RFC 6750 §3.1")
def test_a_token_without_the_scope_is_refused_and_the_challenge_names_it(
    api: APICaller, mint: Mint, verdict: Verdict, certificate_der: bytes
) -> None:
    verdict.accepted(api.but(token=mint.token(certificate_der, scope="accounts")).gets(), ANSWERED)
    exchange = api.but(token=mint.token(certificate_der, scope="payments")).gets()
    verdict.challenged(exchange, 403, "insufficient_scope", "token.scope")
    assert 'scope="accounts"' in exchange.headers["www-authenticate"]


class KeepAlive:
    """One connection to the API for many calls, made anew where the server closed it."""

    def __init__(self, api: APICaller, trust_bundle: str) -> None:
        self._context = ssl.create_default_context(cafile=trust_bundle)
        assert api.credentials.certificate is not None
        self._context.load_cert_chain(api.credentials.certificate, api.credentials.private_key)
        parts = urlsplit(api.url)
        self._connection = http.client.HTTPSConnection(
            str(parts.hostname), parts.port, context=self._context, timeout=10
        )
        self.answered: dict[str, int] = {}

    def presents(self, authorization: str) -> int:
        """The status of a call with this header; what reached the application is kept by correlation id."""
        correlation_id = str(uuid.uuid4())
        headers = {"Authorization": authorization, CORRELATION_HEADER: correlation_id}
        self._connection.request("GET", "/accounts", headers=headers)
        response = self._connection.getresponse()
        response.read()
        if response.headers[CORRELATION_HEADER] == correlation_id:
            self.answered[correlation_id] = response.status
        return response.status

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def keep_alive(api: APICaller, deployment: Deployment) -> Iterator[KeepAlive]:
    connection = KeepAlive(api, str(deployment.trust_bundle))
    yield connection
    connection.close()


HEADER_TEXT = st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n"), max_size=200)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=8,
)
PARTS = st.one_of(
    st.binary(max_size=80).map(encoded),
    JSON_VALUES.map(lambda value: encoded(json.dumps(value).encode())),
    st.fixed_dictionaries(
        {},
        optional={
            "typ": st.just("at+jwt") | JSON_VALUES,
            "alg": st.sampled_from(["ES256", "none", "HS256"]) | JSON_VALUES,
            "kid": JSON_VALUES,
            "crit": JSON_VALUES,
        },
    ).map(encoded),
    st.text("ABCabc019-_", max_size=40),
)


@st.composite
def spoilt(draw: st.DrawFn, valid: str) -> str:
    """A valid token with a few characters replaced, left out or put in."""
    place = draw(st.integers(0, len(valid)))
    length = draw(st.integers(0, 12))
    put_in = draw(st.text("ABCabc019-_.=+/ ", max_size=12))
    return valid[:place] + put_in + valid[place + length :]


@pytest.mark.clause("RFC 8725 §3")
def test_no_token_at_all_makes_the_api_fail(
    api: APICaller, deployment: Deployment, keep_alive: KeepAlive
) -> None:
    header, payload, signature = api.token.split(".")
    candidates = st.one_of(
        HEADER_TEXT,
        HEADER_TEXT.map(lambda text: f"Bearer {text}"),
        spoilt(api.token).map(lambda token: f"Bearer {token}"),
        st.tuples(PARTS | st.just(header), PARTS | st.just(payload), PARTS | st.just(signature)).map(
            lambda parts: "Bearer " + ".".join(parts)
        ),
    ).filter(lambda text: " ".join(text.split()) != f"Bearer {api.token}")

    @settings(max_examples=500, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(candidates)
    def refused(authorization: str) -> None:
        # 429: what has no two dots is an opaque token, and about that many the issuer is not asked.
        assert keep_alive.presents(authorization) in (400, 401, 429)

    refused()
    assert keep_alive.presents(f"Bearer {api.token}") == 200
    recorded = reasons(deployment, "bank_api")
    refusals = {each: status for each, status in keep_alive.answered.items() if status != 200}
    assert len(refusals) > 400
    assert refusals.keys() <= recorded.keys()
    assert all(recorded.values())


def reasons(deployment: Deployment, service: str) -> dict[str, str | None]:
    """By correlation id, the rule of each refusal that a service recorded."""
    events = [json.loads(line) for line in deployment.audit_file(service).read_text().splitlines()]
    assert not [each for each in events if each["event"] == "service.defect"]
    return {
        each["correlation_id"]: each.get("rule")
        for each in events
        if each["outcome"] == "refused" and "correlation_id" in each
    }
