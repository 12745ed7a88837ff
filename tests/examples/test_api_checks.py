"""The small API checks in other languages, over real TLS: bound tokens pass, stolen ones do not."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.placed import PlacedFiles
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from tests.examples.languages import MADE, Example
from tests.examples.orders import credentials_of, thumbprint_of
from tests.examples.proofs import KEY, proof_of
from tests.foreign.authorization_server import ForeignServer, placed
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.dpop.proofs import ABSENT
from tests.waiting import eventually
from workshop.environment.ports import free_port
from workshop.wire import NO_CREDENTIALS, Credentials, Exchange, Wire

OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class API:
    """An API of the examples, running."""

    origin: str
    wire: Wire

    def get(self, *headers: tuple[str, str], credentials: Credentials = NO_CREDENTIALS) -> Exchange:
        return self.wire.send("GET", f"{self.origin}/orders?page=1", credentials, headers=headers)


@pytest.fixture(scope="module", params=list(MADE))
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    return MADE[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def api(example: Example, issuer: ForeignServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    folder = tmp_path_factory.mktemp("api")
    certificate = placed(issuer.authority, folder, "orders-server", server=True)
    port = free_port()
    api = API(f"https://localhost:{port}", Wire(issuer.authority.trust_bundle))
    log = folder / "api.log"
    variables = {
        "PATH": os.environ["PATH"],
        "BIND": f"127.0.0.1:{port}",
        "ISSUER": issuer.issuer,
        "RESOURCE": api.origin,
        "TRUST_BUNDLE": str(issuer.authority.trust_bundle),
        "SERVER_CERTIFICATE_FILE": str(certificate.certificate),
        "SERVER_KEY_FILE": str(certificate.private_key),
    }
    with log.open("w") as output:
        running = subprocess.Popen(example.api, env=variables, stdout=output, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: _answers(api, running), log.read_text)
        before = issuer.habits.audience
        issuer.habits.audience = api.origin
        yield api
        issuer.habits.audience = before
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


def _answers(api: API, running: subprocess.Popen[bytes]) -> bool:
    assert running.poll() is None, "the API ended"
    try:
        return api.get().status == 401
    except OSError:
        return False


@pytest.mark.clause("RFC 8705 §3")
def test_a_certificate_bound_token_is_its_owner_s_alone(
    api: API, issuer: ForeignServer, partner: PlacedFiles, thief: PlacedFiles
) -> None:
    bearer = ("Authorization", f"Bearer {issuer.token(thumbprint_of(partner))}")
    answer = api.get(bearer, credentials=credentials_of(partner))
    assert (answer.status, answer.json()["client_id"]) == (200, "partner")
    for credentials in (NO_CREDENTIALS, credentials_of(thief)):
        refused = api.get(bearer, credentials=credentials)
        assert (refused.status, refused.error) == (401, "invalid_token")


@pytest.mark.clause("RFC 8705 §3")
def test_a_token_that_is_bound_to_nobody_or_twice_or_to_a_stranger_s_certificate_is_refused(
    api: API, issuer: ForeignServer, partner: PlacedFiles, tmp_path: Path
) -> None:
    strange = placed(Authority(tmp_path, "Stranger"), tmp_path, "strange")
    refused_tokens = (
        (issuer.token(None), partner),
        (issuer.token(thumbprint_of(partner), jkt=jwk_thumbprint(jwk_of(KEY))), partner),
        (issuer.token(thumbprint_of(strange)), strange),
    )
    for token, files in refused_tokens:
        refused = api.get(("Authorization", f"Bearer {token}"), credentials=credentials_of(files))
        assert (refused.status, refused.error) == (401, "invalid_token")


@pytest.mark.parametrize(
    "changes", [{"aud": "https://other.example"}, {"iss": "https://thief.example"}, {"exp": 1}]
)
def test_a_token_of_somebody_else_or_of_yesterday_is_refused(
    api: API, issuer: ForeignServer, partner: PlacedFiles, changes: dict[str, Any]
) -> None:
    issuer.habits.claims = changes
    try:
        token = issuer.token(thumbprint_of(partner))
    finally:
        issuer.habits.claims = {}
    refused = api.get(("Authorization", f"Bearer {token}"), credentials=credentials_of(partner))
    assert (refused.status, refused.error) == (401, "invalid_token")


@pytest.mark.clause("RFC 6750 §3.1")
def test_a_token_without_the_scope_is_not_enough(
    api: API, issuer: ForeignServer, partner: PlacedFiles
) -> None:
    token = issuer.token(thumbprint_of(partner), scope="other")
    refused = api.get(("Authorization", f"Bearer {token}"), credentials=credentials_of(partner))
    assert (refused.status, refused.error) == (403, "insufficient_scope")


def dpop_token(issuer: ForeignServer) -> str:
    return issuer.token(None, jkt=jwk_thumbprint(jwk_of(KEY)))


@pytest.mark.clause("RFC 9449 §7.1")
def test_a_dpop_bound_token_needs_a_proof_which_counts_once(api: API, issuer: ForeignServer) -> None:
    token = dpop_token(issuer)
    proof = proof_of(f"{api.origin}/orders", token)
    presented = (("Authorization", f"DPoP {token}"), ("DPoP", proof))
    answer = api.get(*presented)
    assert (answer.status, answer.json()["client_id"]) == (200, "partner")
    again = api.get(*presented)
    assert (again.status, again.error) == (401, "invalid_dpop_proof")


@pytest.mark.clause("RFC 9449 §4.3")
@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htu": "https://other.example/orders"},
        {"iat": 1},
        {"ath": jws.encode(b"x" * 32)},
        {"ath": ABSENT},
        {"jti": ABSENT},
        {"key": OTHER_KEY},
        {"typ": "JWT"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_proof_of_anything_else_is_refused(
    api: API, issuer: ForeignServer, changes: dict[str, Any]
) -> None:
    token = dpop_token(issuer)
    proof = proof_of(f"{api.origin}/orders", token, **changes)
    refused = api.get(("Authorization", f"DPoP {token}"), ("DPoP", proof))
    assert (refused.status, refused.error) == (401, "invalid_dpop_proof")


@pytest.mark.clause("RFC 9449 §4.3")
def test_no_proof_or_two_are_refused(api: API, issuer: ForeignServer) -> None:
    token = dpop_token(issuer)
    two = (
        ("DPoP", proof_of(f"{api.origin}/orders", token)),
        ("DPoP", proof_of(f"{api.origin}/orders", token)),
    )
    for proofs in ((), two):
        refused = api.get(("Authorization", f"DPoP {token}"), *proofs)
        assert (refused.status, refused.error) == (401, "invalid_dpop_proof")


@pytest.mark.clause("RFC 9449 §7.2")
def test_no_token_passes_in_the_other_scheme(api: API, issuer: ForeignServer, partner: PlacedFiles) -> None:
    token = dpop_token(issuer)
    downgraded = api.get(
        ("Authorization", f"Bearer {token}"), ("DPoP", proof_of(f"{api.origin}/orders", token))
    )
    assert (downgraded.status, downgraded.error) == (401, "invalid_token")
    certified = issuer.token(thumbprint_of(partner))
    other = api.get(
        ("Authorization", f"DPoP {certified}"),
        ("DPoP", proof_of(f"{api.origin}/orders", certified)),
        credentials=credentials_of(partner),
    )
    assert (other.status, other.error) == (401, "invalid_token")


def test_without_a_token_both_schemes_are_offered(api: API) -> None:
    refused = api.get()
    assert refused.status == 401
    assert "error" not in refused.headers["www-authenticate"]
