"""Status lists from another server than the issuer's: the API takes what the issuer's key signed alone.

The server stands under the scheme's authority, and the token that leads to it is signed by the issuer's key:
what is refused is the list's own fault. Only tests can make either.
"""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from sender_constraint.jose import jws
from sender_constraint.jose.status_lists import MEDIA_TYPE, list_of_invalid
from tests.e2e.minting import Mint
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer
from tests.waiting import eventually
from workshop.calls import Call
from workshop.story.stage import Stage
from workshop.wire import Exchange

INDEX = 7
# What a failure keeps the API from asking again, and the promise.
SECONDS = 12


@dataclass
class Lists:
    """What the other server says, valid but for what a test changes."""

    mint: Mint
    issuer: str
    origin: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    key: ec.EllipticCurvePrivateKey | None = None
    content_type: str = MEDIA_TYPE
    tamper: Callable[[str], str] = str

    def answer(self, asked: Asked) -> Answer:
        now = int(time.time())
        signing = self.mint.signing_key()
        claims = {
            "iss": self.issuer,
            "sub": f"{self.origin}{asked.path}",
            "iat": now,
            "exp": now + 60,
            "status_list": list_of_invalid(64, ()).members(),
        }
        header = {"typ": "statuslist+jwt", "kid": signing.kid, **self.header}
        token = jws.sign(header, {**claims, **self.claims}, self.key or signing.private_key)
        return Answer(content=self.tamper(token).encode(), headers={"Content-Type": self.content_type})


@pytest.fixture(scope="module")
def server_context(mint: Mint) -> ssl.SSLContext:
    """A server of the scheme's that the authority stands by, and that is not the issuer's."""
    made = mint.certificate(
        subject=x509.Name.from_rfc4514_string("CN=elsewhere,O=Elsewhere Ltd,C=GB"),
        alternative_names=(x509.DNSName("localhost"),),
        usages=(ExtendedKeyUsageOID.SERVER_AUTH,),
    )
    files = mint.credentials(made)
    assert files.certificate is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.private_key)
    return context


@pytest.fixture
def lists(stage: Stage, mint: Mint, server_context: ssl.SSLContext) -> Iterator[Lists]:
    lists = Lists(mint, stage.deployment.issuer)
    with TLSServer(server_context, lists.answer) as served:
        lists.origin = served.origin
        yield lists


@pytest.fixture
def call(stage: Stage, mint: Mint, lists: Lists) -> Call:
    """With a token whose status stands in that server's list."""
    certificate = mint.certificate()
    status = {"status_list": {"idx": INDEX, "uri": f"{lists.origin}/lists/1"}}
    token = mint.token(certificate.der, status=status)
    return Call("GET", f"{stage.deployment.api_url}/accounts", token, mint.credentials(certificate))


def refused(stage: Stage, call: Call, rule: str) -> Exchange:
    """The answer, once there is one that is not stale from another process's point of view."""
    exchange = call.send(stage.wire)
    assert stage.audit.about(exchange).rule == rule, (exchange.status, stage.audit.about(exchange).events)
    return exchange


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
def test_a_list_that_the_issuer_signed_counts_wherever_it_is_served(stage: Stage, call: Call) -> None:
    assert call.send(stage.wire).status == 200


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §7.1")
def test_and_so_does_what_it_says_of_a_revoked_token(stage: Stage, call: Call, lists: Lists) -> None:
    lists.claims = {"status_list": list_of_invalid(64, [INDEX]).members()}

    assert refused(stage, call, "token.revoked").status == 401


FORGED: dict[str, dict[str, Any]] = {
    "by another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "by a key that nobody published": {"header": {"kid": "elsewhere"}},
    "of the type of an access token": {"header": {"typ": "at+jwt"}},
    "about another list": {"claims": {"sub": "https://localhost/lists/2"}},
    "by another issuer": {"claims": {"iss": "https://thief.example"}},
    "expired": {"claims": {"exp": 1}},
    "from the future": {"claims": {"iat": int(time.time()) + 3600}},
    "cut off": {"tamper": lambda token: token[:-4]},
    "of another media type": {"content_type": "application/json"},
}


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_forged_list_says_nothing_and_the_token_is_not_served(
    stage: Stage, call: Call, lists: Lists, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(lists, name, value)

    assert refused(stage, call, "token.status-stale").status == 503


def test_an_older_list_does_not_take_a_newer_ones_place(stage: Stage, call: Call, lists: Lists) -> None:
    lists.claims = {"status_list": list_of_invalid(64, [INDEX]).members()}
    refused(stage, call, "token.revoked")
    lists.claims = {"iat": int(time.time()) - 600}

    def stale() -> bool:
        exchange = call.send(stage.wire)
        assert exchange.status != 200, "the older list counts"
        return stage.audit.about(exchange).rule == "token.status-stale"

    assert eventually(stale, "the newer list is as old as promised", seconds=SECONDS)
