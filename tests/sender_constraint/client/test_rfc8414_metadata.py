"""The authorization server's metadata, as RFC 8414 and RFC 8705 §5 have it."""

import httpx
import pytest

from sender_constraint.client.errors import MetadataInvalid, ServerUnreachable
from sender_constraint.client.metadata import discover, read_metadata
from sender_constraint.client.retries import Retries
from tests.sender_constraint.client.bank import METADATA, Bank
from tests.sender_constraint.tls_server import Answer, TLSServer

ISSUER = "https://as.example"
VALID = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}


@pytest.mark.clause("RFC 8705 §5")
def test_the_endpoint_for_mutual_tls_goes_first() -> None:
    alias = {"mtls_endpoint_aliases": {"token_endpoint": "https://mtls.as.example/token"}}

    assert read_metadata(VALID, ISSUER).token_endpoint == f"{ISSUER}/token"
    assert read_metadata(VALID | alias, ISSUER).token_endpoint == "https://mtls.as.example/token"


@pytest.mark.clause("RFC 8414 §3.3")
@pytest.mark.parametrize(
    "issuer", ["https://evil.example", "https://as.example/", "https://AS.example", None, 5]
)
def test_another_issuer_s_metadata_is_not_used(issuer: object) -> None:
    with pytest.raises(MetadataInvalid, match="not of"):
        read_metadata(VALID | {"issuer": issuer}, ISSUER)


@pytest.mark.parametrize("endpoint", [None, "http://as.example/token", 5, ""])
def test_a_token_endpoint_is_an_https_url(endpoint: object) -> None:
    with pytest.raises(MetadataInvalid, match="token endpoint"):
        read_metadata(VALID | {"token_endpoint": endpoint}, ISSUER)


def test_metadata_is_an_object() -> None:
    with pytest.raises(MetadataInvalid):
        read_metadata([VALID], ISSUER)


def test_it_is_fetched(server: TLSServer, pool: httpx.Client, retries: Retries) -> None:
    metadata = discover(pool, server.origin, retries)

    assert metadata.token_endpoint == f"{server.origin}/token"
    assert server.count(METADATA) == 1


@pytest.mark.parametrize(
    "answer", [Answer(404, {}), Answer(200, b"<html>"), Answer(302, {}, {"Location": "/x"})]
)
def test_what_is_no_metadata_is_invalid(
    server: TLSServer, bank: Bank, pool: httpx.Client, retries: Retries, answer: Answer
) -> None:
    bank.answers[METADATA] = lambda _asked: answer

    with pytest.raises(MetadataInvalid):
        discover(pool, server.origin, retries)
    # RFC 8414 §5: where there is none, OpenID's place is looked at.
    assert len(server.asked) == (2 if answer.status == 404 else 1)


@pytest.mark.clause("RFC 8414 §5")
def test_where_there_is_none_openid_s_takes_its_place(
    server: TLSServer, bank: Bank, pool: httpx.Client, retries: Retries
) -> None:
    issuer = f"{server.origin}/realms/main"
    document = {"issuer": issuer, "token_endpoint": f"{server.origin}/connect/token"}
    inserted, appended = f"{METADATA}/realms/main", "/realms/main/.well-known/openid-configuration"
    bank.answers[inserted] = lambda _asked: Answer(404, {})
    bank.answers[appended] = lambda _asked: Answer(content=document)

    assert discover(pool, issuer, retries).token_endpoint == document["token_endpoint"]
    assert [asked.path for asked in server.asked] == [inserted, appended]


def test_an_authorization_server_that_is_away_is_tried_again(
    server: TLSServer, bank: Bank, pool: httpx.Client, retries: Retries
) -> None:
    answers = iter([Answer(503, {}), Answer(hang_up=True), bank.metadata()])
    bank.answers[METADATA] = lambda _asked: next(answers)

    assert discover(pool, server.origin, retries).issuer == server.origin


def test_one_that_stays_away_is_unreachable(pool: httpx.Client, retries: Retries) -> None:
    with pytest.raises(ServerUnreachable, match="no metadata"):
        discover(pool, "https://localhost:1", retries)
