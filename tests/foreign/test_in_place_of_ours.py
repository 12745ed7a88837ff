"""A foreign authorization server takes authserver's place: bank and partner need settings, no other code.

Everything over TLS: it has a path in its issuer, a port of its own for mutual TLS, and its own authority.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sender_constraint.certificates.placed import PlacedFiles
from tests.foreign import services
from tests.foreign.authorization_server import ForeignServer, Habits, placed, responder_of
from tests.redis_server import running_redis
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.responder import Responder
from workshop.environment.ports import free_port
from workshop.wire import NO_CREDENTIALS, Credentials, Wire

# What each of them differs in, and the settings that it takes: the bank's, and the partner's.
HABITS = {
    "PS256, by RFC 8414": (Habits(algorithm="PS256", published=("ES256", "PS256")), {}, {}),
    "RS256, by OpenID, no RFC 9068": (
        Habits(
            path="/oidc",
            well_known="openid-configuration",
            algorithm="RS256",
            published=("RS256",),
            type="JWT",
            claims={"client_id": None, "azp": "partner", "scope": None, "scp": ["accounts"]},
            confirmation={"https://issuer.example/line": 7},
        ),
        {
            "ISSUER_ALGORITHMS": "RS256",
            "ACCESS_TOKEN_TYPES": "JWT",
            "CLIENT_ID_CLAIM": "azp",
            "SCOPE_CLAIM": "scp",
        },
        {},
    ),
    "private_key_jwt and DPoP": (
        Habits(dpop=True),
        {"DPOP_NONCE_REQUIRED": "true"},
        {"CLIENT_AUTH_METHOD": "private_key_jwt", "TOKEN_BINDING": "dpop"},
    ),
    "opaque, introspected": (
        Habits(opaque=True, claims={"iss": None, "jti": None, "iat": None}),
        {"INTROSPECTION_CLIENT_ID": "bank"},
        {},
    ),
    "EdDSA, no metadata": (
        Habits(path="", well_known="nothing", algorithm="EdDSA", published=("EdDSA",)),
        {"ISSUER_JWKS_URI": "{jwks}"},
        {"TOKEN_ENDPOINT": "{token}"},
    ),
}


@dataclass(frozen=True)
class Arrangement:
    """Bank and partner with a foreign authorization server between them."""

    server: ForeignServer
    bank: services.Service
    partner: services.Service
    origin: str
    wire: Wire


@contextmanager
def arranged(folder: Path, scheme: Authority, responder: Responder, habits: str) -> Iterator[Arrangement]:
    habit, of_bank, of_partner = HABITS[habits]
    server = ForeignServer(folder / "server", habit, clients=scheme)
    # Two anchors: what the scheme issued, and what the foreign server shows; of the latter the root alone.
    bundle = folder / "bundle.pem"
    bundle.write_bytes(scheme.trust_bundle.read_bytes() + server.root.read_bytes())
    with (
        server.running(),
        responder_of(server.authority) as foreign,
        running_redis(free_port(), folder) as redis_server,
    ):
        known = {
            "jwks": server.jwks_url,
            "token": f"{server.with_certificate.origin}/connect/token",
        }
        common = {
            "ISSUER": server.issuer,
            "OCSP_URL": responder.url,
            "REDIS_URL": redis_server.url,
            "ISSUER_STATUS": f"{foreign.url} CN=Foreign Issuing; none CN=Foreign Root",
        }
        bank_settings = {name: value.format(**known) for name, value in of_bank.items()}
        bank, origin, port = services.bank(folder, scheme, bundle, **common, **bank_settings)
        habit.audience = origin
        partner_settings = {name: value.format(**known) for name, value in of_partner.items()}
        partner = services.partner(
            folder, scheme, bundle, API_URL=origin, SCOPE="accounts", **common, **partner_settings
        )
        with bank.served(bundle, port):
            yield Arrangement(server, bank, partner, origin, Wire(bundle))


@pytest.fixture(scope="module", params=list(HABITS))
def arrangement(
    request: pytest.FixtureRequest,
    scheme: Authority,
    responder: Responder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Arrangement]:
    with arranged(tmp_path_factory.mktemp("foreign"), scheme, responder, request.param) as running:
        yield running


@pytest.mark.clause("RFC 8414 §3")
@pytest.mark.clause("RFC 8705 §5")
def test_the_partner_gets_its_tokens_there_and_calls_the_bank(arrangement: Arrangement) -> None:
    told = arrangement.partner.did("accounts")
    assert "Partner Ltd, current account" in told
    server = arrangement.server
    by_keys = server.habits.dpop
    asked = [
        each
        for each in (server.everybody if by_keys else server.with_certificate).asked
        if each.method == "POST"
    ]
    assert {each.path for each in asked} <= {"/connect/token", "/connect/introspect"}
    assert all((each.thumbprint is None) == by_keys for each in asked)
    assert not by_keys or ("dpop" in asked[-1].headers and server.with_certificate.asked == [])
    accepted = arrangement.bank.trail()[-1]
    assert (accepted["outcome"], accepted["client_id"]) == ("accepted", "partner")


@pytest.mark.clause("RFC 8705 §3")
def test_the_bank_refuses_a_token_of_that_server_without_its_certificate(
    arrangement: Arrangement, scheme: Authority, thief_folder: Path
) -> None:
    if arrangement.server.habits.dpop:
        token = arrangement.server.token(None, scope="accounts", jkt="A" * 43)
        assert _status(arrangement, token, NO_CREDENTIALS) == 401
        assert arrangement.bank.trail()[-1]["rule"] == "binding.dpop-token-as-bearer"
        return
    partner = arrangement.partner.variables
    own = Credentials(Path(partner["CLIENT_CERTIFICATE_FILE"]), Path(partner["CLIENT_KEY_FILE"]))
    token = _token_of(arrangement, own)
    assert _status(arrangement, token, own) == 200
    assert _status(arrangement, token, NO_CREDENTIALS) == 401
    assert arrangement.bank.trail()[-1]["rule"] == "binding.certificate-missing"
    thief = placed(scheme, thief_folder, "thief")
    assert _status(arrangement, token, _credentials(thief)) == 401
    assert arrangement.bank.trail()[-1]["rule"] == "binding.certificate"


@pytest.fixture
def stranger(scheme: Authority, thief_folder: Path) -> Credentials:
    """A certificate of the scheme, without which no opaque token is looked up."""
    return _credentials(placed(scheme, thief_folder, "thief"))


def test_the_bank_refuses_an_unbound_token_of_that_server(
    arrangement: Arrangement, stranger: Credentials
) -> None:
    assert _status(arrangement, arrangement.server.token(None), stranger) == 401
    assert arrangement.bank.trail()[-1]["rule"] == "binding.unbound"


@pytest.mark.clause("RFC 7800 §3.1")
def test_the_bank_refuses_a_second_confirmation_method(
    arrangement: Arrangement, stranger: Credentials
) -> None:
    habits = arrangement.server.habits
    before, habits.confirmation = habits.confirmation, {"jkt": "x" * 43}
    try:
        assert _status(arrangement, arrangement.server.token("A" * 43), stranger) == 401
    finally:
        habits.confirmation = before
    assert arrangement.bank.trail()[-1]["rule"] == "confirmation.more-than-one"


def _token_of(arrangement: Arrangement, own: Credentials) -> str:
    asked = arrangement.wire.send(
        "POST",
        f"{arrangement.server.with_certificate.origin}/connect/token",
        own,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=b"grant_type=client_credentials&client_id=partner&scope=accounts",
    )
    assert asked.status == 200
    return str(asked.json()["access_token"])


def _status(arrangement: Arrangement, token: str, credentials: Credentials) -> int | None:
    headers = {"Authorization": f"Bearer {token}"}
    return arrangement.wire.send("GET", f"{arrangement.origin}/accounts", credentials, headers=headers).status


def _credentials(files: PlacedFiles) -> Credentials:
    return Credentials(files.certificate, files.private_key)
