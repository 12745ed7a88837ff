"""Certificates and requests that ``cryptography`` cannot read, at every port: refused, and never a 500."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from sender_constraint.certificates.csr import new_private_key
from sender_constraint.certificates.generations import GenerationStore
from tests.e2e.calling import APICaller, TokenCaller
from tests.e2e.minting import Mint
from tests.e2e.verdict import Verdict
from tests.sender_constraint.odd_der import (
    CERTIFICATES,
    ODD_REQUESTS,
    PSS_WITHOUT_PARAMETERS,
    odd,
    odd_request,
)
from tests.sender_constraint.pki import Issued
from workshop.environment.deployment import Deployment
from workshop.story.partner import FORM, Partner
from workshop.story.stage import Stage
from workshop.wire import Credentials, Exchange

MALFORMED = "certificate.malformed"
TEXT = "text/plain; charset=utf-8"


@pytest.fixture
def malformed(mint: Mint) -> Callable[[str], Issued]:
    """The partner's certificate with one odd value, which its issuer signed."""
    return lambda name: odd(name, mint.certificate(), mint.scheme.issuing)


@pytest.fixture
def sends(stage: Stage) -> Callable[..., Exchange]:
    def send(url: str, credentials: Credentials, **form: str) -> Exchange:
        return stage.wire.send("POST", url, credentials, headers=FORM, body=urlencode(form).encode())

    return send


def told_in_text(verdict: Verdict, exchange: Exchange, status: int, rule: str) -> dict[str, Any]:
    assert (exchange.status, exchange.headers["content-type"]) == (status, TEXT), exchange.body
    return verdict.recorded(exchange, outcome="refused", rule=rule, status=status)


@pytest.mark.clause("RFC 5280 §4.1")
@pytest.mark.parametrize("name", CERTIFICATES)
def test_the_authorization_server_refuses_a_certificate_that_cannot_be_read(
    token_caller: TokenCaller,
    mint: Mint,
    verdict: Verdict,
    deployment: Deployment,
    sends: Callable[..., Exchange],
    malformed: Callable[[str], Issued],
    name: str,
) -> None:
    good = mint.credentials(mint.certificate())
    verdict.accepted(token_caller.but(credentials=good).asks(), "token.issued")
    bad = mint.credentials(malformed(name))
    event = verdict.refused(token_caller.but(credentials=bad).asks(), 401, "invalid_client", MALFORMED)
    assert event["detail"]["problem"].startswith("the certificate: ")
    for endpoint in ("introspect", "revoke"):
        exchange = sends(f"{deployment.issuer}/{endpoint}", bad, client_id="bank-api", token="none")
        verdict.refused(exchange, 401, "invalid_client", MALFORMED)


@pytest.mark.clause("RFC 5280 §6.1")
@pytest.mark.parametrize("name", CERTIFICATES)
def test_an_issuer_that_cannot_be_read_is_refused_at_token_endpoint_and_api(
    token_caller: TokenCaller, api: APICaller, mint: Mint, verdict: Verdict, name: str
) -> None:
    issuing, root = mint.scheme.issuing, mint.scheme.root
    leaf = mint.certificate()
    good = mint.credentials(leaf, issuing)
    verdict.accepted(token_caller.but(credentials=good).asks(), "token.issued")
    bad = mint.credentials(leaf, odd(name, issuing, root))
    verdict.refused(token_caller.but(credentials=bad).asks(), 401, "invalid_client", MALFORMED)
    token = mint.token(leaf.der)
    verdict.accepted(api.but(credentials=good, token=token).gets(), "api.call")
    verdict.challenged(api.but(credentials=bad, token=token).gets(), 401, "invalid_token", MALFORMED)


@pytest.mark.clause("RFC 8705 §3")
@pytest.mark.parametrize("name", CERTIFICATES)
def test_the_api_refuses_a_certificate_that_cannot_be_read(
    api: APICaller, mint: Mint, verdict: Verdict, malformed: Callable[[str], Issued], name: str
) -> None:
    good, bad = mint.certificate(), malformed(name)
    verdict.accepted(
        api.but(credentials=mint.credentials(good), token=mint.token(good.der)).gets(), "api.call"
    )
    exchange = api.but(credentials=mint.credentials(bad), token=mint.token(bad.der)).gets()
    verdict.challenged(exchange, 401, "invalid_token", MALFORMED)


@pytest.mark.clause("RFC 7030 §3.3.2")
@pytest.mark.parametrize("name", CERTIFICATES)
def test_the_authority_refuses_a_certificate_that_cannot_be_read(
    mint: Mint,
    verdict: Verdict,
    deployment: Deployment,
    sends: Callable[..., Exchange],
    stage: Stage,
    partner: Partner,
    malformed: Callable[[str], Issued],
    name: str,
) -> None:
    bad = mint.credentials(malformed(name))
    told_in_text(verdict, sends(f"{deployment.ca_url}/revoke", bad, reason="superseded"), 403, MALFORMED)
    told_in_text(verdict, renewal(stage, bad, ""), 403, MALFORMED)
    # The same request by the partner itself is read: its names are another's.
    told_in_text(verdict, renewal(stage, partner.credentials, ""), 403, "renewal.subject")


@pytest.mark.clause("RFC 2986 §4.2")
@pytest.mark.parametrize("name", ODD_REQUESTS)
def test_est_refuses_a_request_that_cannot_be_read(
    verdict: Verdict, stage: Stage, partner: Partner, name: str
) -> None:
    rule = "csr.signature-algorithm" if name == PSS_WITHOUT_PARAMETERS else "csr.syntax"
    told_in_text(verdict, renewal(stage, partner.credentials, name), 400, rule)


def renewal(stage: Stage, credentials: Credentials, oddity: str) -> Exchange:
    """A request for a successor, of a name that is not the partner's, with an oddity or none."""
    issuing = GenerationStore(stage.deployment.certificate_store("other_partner")).current()
    subject = issuing.certificate.subject
    der = odd_request(oddity, new_private_key(), subject, "other-partner.example")
    url = f"{stage.deployment.ca_url}/.well-known/est/simplereenroll"
    headers = {"Content-Type": "application/pkcs10"}
    return stage.wire.send("POST", url, credentials, headers=headers, body=base64.encodebytes(der))
