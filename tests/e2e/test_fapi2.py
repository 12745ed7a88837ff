"""FAPI 2.0 Security Profile: the environment under the profile, over real sockets."""

import argparse
import contextlib
import json
import re
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.client.assertions import ClientAssertions
from sender_constraint.client.dpop import DpopAuth, DpopProofs
from tests.e2e.registering import manage
from workshop.environment.commands import up
from workshop.environment.deployment import DAY_SECONDS
from workshop.environment.local import Environment, attach
from workshop.environment.ports import Ports
from workshop.environment.running import CannotStart

# RFC 6749 §5.2.
LEGAL_DESCRIPTION = r"[\x20-\x21\x23-\x5b\x5d-\x7e]+"
COMBINATIONS = {
    "mutual TLS, mutual TLS": "",
    "mutual TLS, DPoP": "DPOP_",
    "private_key_jwt, mutual TLS": "JWT_MTLS_",
    "private_key_jwt, DPoP": "JWT_",
}


class OwnClient:
    """A client of ``demo.env``, by the beginning of its variables' names."""

    def __init__(self, variables: dict[str, str], prefix: str) -> None:
        self._variables = variables
        self.client_id = variables[f"{prefix}CLIENT_ID"]
        self._jwk_file = variables.get(f"{prefix}CLIENT_JWK")
        bound_by_key = prefix in ("DPOP_", "JWT_")
        self.proofs = DpopProofs(ec.generate_private_key(ec.SECP256R1())) if bound_by_key else None
        self.scheme = "DPoP" if bound_by_key else "Bearer"
        context = ssl.create_default_context(cafile=variables["TRUST_BUNDLE"])
        if prefix != "JWT_":
            names = ("JWT_MTLS_CERTIFICATE", "JWT_MTLS_KEY") if prefix == "JWT_MTLS_" else (
                f"{prefix}CLIENT_CERTIFICATE", f"{prefix}CLIENT_KEY"
            )  # fmt: skip
            context.load_cert_chain(*(variables[name] for name in names))
        self.http = httpx.Client(verify=context)

    def asks(self, **changes: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": self.client_id}
        if self._jwk_file:
            jwk = json.loads(Path(self._jwk_file).read_text())
            key = jwt.PyJWK(jwk).key
            form |= ClientAssertions(self.client_id, self._variables["ISSUER"], key, jwk["kid"]).form()
        auth = DpopAuth(self.proofs) if self.proofs else httpx.Auth()
        return self.http.post(f"{self._variables['ISSUER']}/token", data=form | changes, auth=auth)

    def calls(self, token: str, path: str = "/accounts", *, scheme: str | None = None) -> httpx.Response:
        response = self._call(token, path, scheme or self.scheme)
        # The API asks for its nonce while a proof may have been used before its Redis started.
        if self.proofs and self.proofs.learn(response):
            return self._call(token, path, scheme or self.scheme)
        return response

    def _call(self, token: str, path: str, scheme: str) -> httpx.Response:
        request = self.http.build_request("GET", f"{self._variables['API_URL']}{path}")
        if self.proofs:
            self.proofs.sign(request, token)
        request.headers["Authorization"] = f"{scheme} {token}"
        return self.http.send(request)


@pytest.fixture(scope="module")
def under_fapi2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    root = tmp_path_factory.mktemp("fapi2")
    with Environment(root, ports=Ports.free(), profile="fapi2", fresh=True) as running:
        yield running


@pytest.fixture(scope="module")
def variables(under_fapi2: Environment) -> dict[str, str]:
    return under_fapi2.deployment.variables()


@pytest.fixture
def own(variables: dict[str, str]) -> Iterator[Callable[[str], OwnClient]]:
    """Makes clients, and closes their connections."""
    with contextlib.ExitStack() as opened:

        def make(prefix: str) -> OwnClient:
            client = OwnClient(variables, prefix)
            opened.enter_context(client.http)
            return client

        yield make


@pytest.mark.clause("FAPI 2.0 §5.3.2.1", "FAPI 2.0 §5.3.4")
@pytest.mark.parametrize("combination", COMBINATIONS)
def test_all_four_combinations_of_authentication_and_constraint_are_served(
    own: Callable[[str], OwnClient], combination: str
) -> None:
    client = own(COMBINATIONS[combination])
    answer = client.asks()
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == client.scheme
    token = answer.json()["access_token"]
    for scheme in (client.scheme, client.scheme.lower(), client.scheme.upper()):
        assert client.calls(token, scheme=scheme).status_code == 200
    refused = client.calls(token, f"/accounts?access_token={token}")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert own("OTHER_").calls(token, scheme="Bearer").status_code == 401


@pytest.mark.clause("FAPI 2.0 §5.3.2.1", "FAPI 2.0 §5.3.4")
def test_there_is_no_bearer_client_and_no_route_for_one(own: Callable[[str], OwnClient]) -> None:
    client = own("")
    refused = client.asks(client_id="partner-bearer")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert re.fullmatch(LEGAL_DESCRIPTION, refused.json()["error_description"])
    token = client.asks().json()["access_token"]
    assert client.calls(token, "/demo/bearer/accounts").status_code == 404


@pytest.mark.clause("FAPI 2.0 §5.3.2.1", "RFC 8414 §2", "RFC 8705 §5", "RFC 9449 §5.1")
def test_the_metadata_has_the_members_that_the_profile_relies_on(
    variables: dict[str, str], own: Callable[[str], OwnClient]
) -> None:
    url = f"{variables['ISSUER']}/.well-known/oauth-authorization-server"
    metadata = own("").http.get(url).json()
    assert metadata["issuer"] == variables["ISSUER"]
    algorithms = {"ES256", "PS256", "EdDSA"}
    assert set(metadata["dpop_signing_alg_values_supported"]) == algorithms
    assert set(metadata["token_endpoint_auth_signing_alg_values_supported"]) == algorithms
    methods = {"tls_client_auth", "self_signed_tls_client_auth", "private_key_jwt"}
    assert set(metadata["token_endpoint_auth_methods_supported"]) == methods
    assert metadata["tls_client_certificate_bound_access_tokens"] is True
    assert metadata["mtls_endpoint_aliases"]["token_endpoint"] == f"{variables['ISSUER']}/token"


@pytest.mark.clause("FAPI 2.0 §5.3.3.1")
def test_the_partner_calls_under_the_profile(under_fapi2: Environment) -> None:
    deployment = under_fapi2.deployment
    settings = (deployment.states["partner_client"] / "service.env").read_text()
    assert "\nPROFILE=fapi2\n" in settings
    command = [sys.executable, "-m", "workshop.environment.management", "partner_client", "accounts"]
    assert "EUR" in manage(deployment, "partner_client", command)


@pytest.mark.clause("RFC 8705 §3")
def test_a_token_serves_on_every_connection_with_its_certificate(own: Callable[[str], OwnClient]) -> None:
    token = own("").asks().json()["access_token"]
    for _ in range(2):
        assert own("").calls(token).status_code == 200
    assert own("OTHER_").calls(token).status_code == 401


def test_an_environment_under_the_profile_is_known_as_such(under_fapi2: Environment) -> None:
    running = attach(under_fapi2.root)
    assert running is not None
    running.detach()
    assert running.deployment.profile == "fapi2"
    without = argparse.Namespace(state=under_fapi2.root, lifetime=DAY_SECONDS, profile="", set=[], unset=[])
    with pytest.raises(CannotStart, match="up already, under fapi2"):
        up(without)
