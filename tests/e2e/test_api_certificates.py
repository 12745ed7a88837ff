"""Certificates that bind tokens at the API, over real sockets: each token is bound to the one shown."""

import pytest

from sender_constraint.certificates.generations import GenerationStore
from tests.e2e.calling import APICaller
from tests.e2e.minting import Mint
from tests.e2e.verdict import Verdict
from tests.sender_constraint.flawed_certificates import REFUSED
from tests.sender_constraint.pki import Issued, make_scheme
from workshop.environment.deployment import Deployment
from workshop.wire import NO_CREDENTIALS, Credentials

ANSWERED = "api.call"
# Neither by name nor by key identifier do these claim to be of an authority of the scheme.
FOREIGN_IN_TRUTH = ("below a path length of 0", "issued by a client")


def showing(api: APICaller, mint: Mint, issued: Issued, *issuers: Issued) -> APICaller:
    """A caller with this certificate, and a token that is bound to it."""
    return api.but(credentials=mint.credentials(issued, *issuers), token=mint.token(issued.der))


@pytest.mark.clause("RFC 8705 §3")
@pytest.mark.parametrize("flaw", REFUSED)
def test_a_certificate_with_one_thing_wrong_binds_nothing(
    api: APICaller, mint: Mint, verdict: Verdict, flaw: str
) -> None:
    verdict.accepted(showing(api, mint, mint.certificate()).gets(), ANSWERED)
    make, rule = mint.flawed()[flaw]
    expected = "certificate.foreign" if flaw in FOREIGN_IN_TRUTH else rule.identifier
    verdict.challenged(showing(api, mint, make()).gets(), 401, "invalid_token", expected)


@pytest.mark.clause("RFC 8705 §3")
def test_a_certificate_of_another_scheme_binds_nothing_here(
    api: APICaller, mint: Mint, verdict: Verdict
) -> None:
    own, foreign = mint.scheme, make_scheme("Foreign")
    verdict.accepted(showing(api, mint, mint.certificate(), own.issuing, own.root).gets(), ANSWERED)
    other = mint.certificate_by(foreign.issuing)
    exchange = showing(api, mint, other, foreign.issuing, foreign.root).gets()
    verdict.challenged(exchange, 401, "invalid_token", "certificate.foreign")


@pytest.mark.clause("RFC 8705 §3")
def test_a_bound_token_is_worth_nothing_without_its_certificate(
    api: APICaller, verdict: Verdict, deployment: Deployment
) -> None:
    verdict.accepted(api.gets(), ANSWERED)
    exchange = api.but(credentials=NO_CREDENTIALS).gets()
    verdict.challenged(exchange, 401, "invalid_token", "binding.certificate-missing")
    other = GenerationStore(deployment.certificate_store("other_partner")).current()
    exchange = api.but(credentials=Credentials(other.certificate_path, other.private_key_path)).gets()
    event = verdict.challenged(exchange, 401, "invalid_token", "binding.certificate")
    assert event["detail"]["presented"] == event["thumbprint"] == other.thumbprint
