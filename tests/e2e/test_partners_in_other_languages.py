"""The small partners in other languages, with the clients of demo.env, against the real services."""

import os
import subprocess

import pytest

from tests.examples.languages import MADE, Example
from workshop.environment.deployment import Deployment

# By the prefix of its variables: what it is bound by, and what proves who it is.
CLIENTS = {
    "": {"CLIENT_CERTIFICATE": "CLIENT_CERTIFICATE", "CLIENT_KEY": "CLIENT_KEY"},
    "SELF_SIGNED": {"CLIENT_CERTIFICATE": "SELF_SIGNED_CERTIFICATE", "CLIENT_KEY": "SELF_SIGNED_KEY"},
    "DPOP": {"CLIENT_CERTIFICATE": "DPOP_CLIENT_CERTIFICATE", "CLIENT_KEY": "DPOP_CLIENT_KEY"},
    "JWT": {"CLIENT_JWK": "JWT_CLIENT_JWK"},
    "JWT_MTLS": {
        "CLIENT_JWK": "JWT_MTLS_CLIENT_JWK",
        "CLIENT_CERTIFICATE": "JWT_MTLS_CERTIFICATE",
        "CLIENT_KEY": "JWT_MTLS_KEY",
    },
    "OPAQUE": {"CLIENT_CERTIFICATE": "CLIENT_CERTIFICATE", "CLIENT_KEY": "CLIENT_KEY"},
}
WITH_DPOP = ("DPOP", "JWT")


@pytest.fixture(scope="module", params=list(MADE))
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    return MADE[request.param](tmp_path_factory.mktemp(request.param))


def called(example: Example, deployment: Deployment, client: str, **changes: str) -> tuple[int, str]:
    known = deployment.variables()
    identifier = known[f"{client}_CLIENT_ID" if client else "CLIENT_ID"]
    variables = {
        "PATH": os.environ["PATH"],
        **{name: known[name] for name in ("ISSUER", "API_URL", "TRUST_BUNDLE")},
        **{name: known[variable] for name, variable in CLIENTS[client].items()},
        "CLIENT_ID": identifier,
        "BINDING": "dpop" if client in WITH_DPOP else "mtls",
        **changes,
    }
    ended = subprocess.run(
        example.partner,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


@pytest.mark.clause("RFC 8705 §3")
@pytest.mark.clause("RFC 9449 §7.1")
@pytest.mark.parametrize("client", list(CLIENTS))
def test_each_client_gets_its_token_and_calls_the_bank(
    example: Example, deployment: Deployment, client: str
) -> None:
    status, said = called(example, deployment, client)
    assert status == 0, said
    assert said.startswith("DPoP 200 " if client in WITH_DPOP else "Bearer 200 ")
    assert "accounts" in said


@pytest.mark.clause("RFC 9449 §7.1")
def test_a_stock_client_calls_the_bank_unpatched(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    node, partner = MADE["node"](tmp_path_factory.mktemp("stock")).partner
    stock = Example("node", [node, partner.replace("partner.mjs", "stock.mjs")], [])
    trust = str(deployment.trust_bundle)
    status, said = called(stock, deployment, "JWT", NODE_EXTRA_CA_CERTS=trust)
    assert status == 0, said
    assert said.startswith("DPoP 200 ")


def test_another_s_certificate_gets_no_token(example: Example, deployment: Deployment) -> None:
    known = deployment.variables()
    status, said = called(
        example,
        deployment,
        "",
        CLIENT_CERTIFICATE=known["OTHER_CLIENT_CERTIFICATE"],
        CLIENT_KEY=known["OTHER_CLIENT_KEY"],
    )
    assert status == 1
    assert "invalid_client" in said
