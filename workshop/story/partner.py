"""The partner as the story shows it: each request on the wire, made with the partner's current generation."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.generations import Generation, GenerationStore
from workshop.calls import Call
from workshop.environment.deployment import Deployment
from workshop.patience import patiently
from workshop.story.stage import Stage, StoryStopped, outcome_of, refusal_in
from workshop.wire import Credentials, Exchange

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Partner:
    """The partner with one generation of its certificate: key, certificate and tokens belong together."""

    generation: Generation

    @property
    def credentials(self) -> Credentials:
        """The certificate and its key."""
        return Credentials(self.generation.certificate_path, self.generation.private_key_path)

    def request_token(
        self, stage: Stage, client_id: str = "partner", proof: str | None = None, **parameters: str
    ) -> Exchange:
        """RFC 6749 §4.4.2, as a client that authenticates by RFC 8705 §2.1. proof: of a DPoP key, if any."""
        form = {"grant_type": "client_credentials", "client_id": client_id, **parameters}
        headers = FORM if proof is None else {**FORM, "DPoP": proof}
        return stage.wire.send(
            "POST", token_endpoint(stage), self.credentials, headers=headers, body=urlencode(form).encode()
        )

    def token(
        self, stage: Stage, client_id: str = "partner", proof: str | None = None, **parameters: str
    ) -> str:
        """An access token. Raises StoryStopped if the authorization server refuses."""
        exchange = patiently(lambda: self.request_token(stage, client_id, proof, **parameters))
        if exchange.status != 200:
            raise StoryStopped(f"no token for {client_id}: {outcome_of(exchange)}")
        return str(exchange.json()["access_token"])

    def accounts_call(self, deployment: Deployment, token: str) -> Call:
        """The valid call from which each attack differs by one thing."""
        return Call("GET", f"{deployment.api_url}/accounts", token, self.credentials)


def token_endpoint(stage: Stage) -> str:
    """The one for mutual TLS (RFC 8705 §5)."""
    return str(metadata(stage)["mtls_endpoint_aliases"]["token_endpoint"])


def current_partner(deployment: Deployment) -> Partner:
    """The partner with the generation that is current now."""
    return Partner(GenerationStore(deployment.certificate_store("partner_client")).current())


def show(
    stage: Stage,
    who: str,
    whom: str,
    exchange: Exchange,
    thumbprint: str | None,
    *,
    expected_status: int = 200,
) -> None:
    """Tell of one call, and whether it came out as it should."""
    path = exchange.url.partition("://")[2].partition("/")[2]
    refused = None
    if exchange.status is None or exchange.status >= 400:
        refused = refusal_in(exchange, stage.audit.about(exchange))
    stage.narrator.call(
        who,
        whom,
        exchange.method,
        f"/{path}",
        outcome_of(exchange),
        thumbprint=thumbprint,
        refused=refused,
        wanted=exchange.status == expected_status,
        answered=exchange.status is not None,
    )


def metadata(stage: Stage) -> dict[str, Any]:
    """The authorization server's metadata (RFC 8414 §3)."""
    url = f"{stage.deployment.issuer}/.well-known/oauth-authorization-server"
    document: dict[str, Any] = stage.wire.send("GET", url).json()
    return document


def issuer_public_key(stage: Stage) -> bytes:
    """The authorization server's signing key, PEM, as its JWKS publishes it to everyone."""
    jwk = stage.wire.send("GET", metadata(stage)["jwks_uri"]).json()["keys"][0]
    x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=")) for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def private_workspace(stage: Stage, name: str) -> Path:
    """A directory of mode 0700 for one actor of the story."""
    directory = stage.workspace / name
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory
