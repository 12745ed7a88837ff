"""The ways to bind a token to its sender, side by side: a client of each, with all that it signs and shows.

RFC 8705 (mutual TLS), RFC 7523 (private_key_jwt) and RFC 9449 (DPoP); the bearer token of RFC 6750 is there
to compare them with.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.client.assertions import ClientAssertions
from sender_constraint.client.dpop import DpopProofs, NonceBook
from sender_constraint.core.thumbprints import certificate_thumbprint
from workshop.calls import Call
from workshop.environment.deployment import Deployment
from workshop.wire import NO_CREDENTIALS, Credentials, Exchange

FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")
SCOPE = "accounts payments"
BEARER, DPOP = "Bearer", "DPoP"
# Nonces are of a server and not for a client: all who call share them, as thieves can.
_NONCES = NonceBook()
# The one route that takes a token which is bound to nothing.
UNBOUND_ROUTE = "/demo/bearer/accounts"


@dataclass(frozen=True)
class Method:
    """One way, as a client is registered for it.

    name: for programs. title: for people. certificate: the prefix under which ``demo.env`` has the client's
    certificate and key; empty where it shows none. key: the variable with its private JWK, likewise.
    bound_to: what confirms its tokens: ``certificate``, ``key``, or ``nothing``.
    """

    name: str
    title: str
    client_id: str
    certificate: str
    key: str
    bound_to: str

    @property
    def scheme(self) -> str:
        """In which its tokens are presented (RFC 6750 §2.1, RFC 9449 §7.1)."""
        return DPOP if self.bound_to == "key" else BEARER

    @property
    def shows_scheme_certificate(self) -> bool:
        """Whether its connections show a certificate that the scheme's authority can revoke."""
        return bool(self.certificate) and self.certificate != "SELF_SIGNED"

    @property
    def accounts_path(self) -> str:
        """Where the API lists accounts for such a token."""
        return UNBOUND_ROUTE if self.bound_to == "nothing" else "/accounts"


METHODS = (
    Method("bearer", "Bearer", "partner-bearer", "CLIENT", "", "nothing"),
    Method("certificate_jwt", "Certificate-bound JWT", "partner", "CLIENT", "", "certificate"),
    Method("certificate_opaque", "Certificate-bound, opaque", "opaque-client", "CLIENT", "", "certificate"),
    Method("self_signed", "Self-signed certificate", "self-signed-client", "SELF_SIGNED", "", "certificate"),
    Method(
        "private_key_jwt", "private_key_jwt, mutual TLS", "jwt-mtls-client",
        "JWT_MTLS", "JWT_MTLS_CLIENT_JWK", "certificate",
    ),
    Method("dpop_mtls", "DPoP, mutual TLS", "dpop-client", "DPOP_CLIENT", "", "key"),
    Method("dpop", "DPoP, private_key_jwt", "jwt-client", "", "JWT_CLIENT_JWK", "key"),
)  # fmt: skip
BASELINE = "certificate_jwt"


class Holder:
    """The rightful client of one method: makes requests that are answered.

    metadata: of the authorization server (RFC 8414 §2). A Holder has one certificate and one key for life. It
    shows the certificate to the authorization server, and to the API where tokens are bound to it.
    """

    def __init__(self, method: Method, deployment: Deployment, metadata: dict[str, Any]) -> None:
        self.method = method
        self.api_url = deployment.api_url
        self.credentials = _credentials(method, deployment)
        self.at_api = self.credentials if method.bound_to == "certificate" else NO_CREDENTIALS
        self.proofs = new_proofs() if method.scheme == DPOP else None
        self._assertions = _assertions(method, deployment)
        endpoints = metadata | (metadata.get("mtls_endpoint_aliases", {}) if method.certificate else {})
        self.token_endpoint = str(endpoints["token_endpoint"])
        self.revocation_endpoint = str(endpoints["revocation_endpoint"])

    @property
    def thumbprint(self) -> str | None:
        """Of the certificate that it shows to the API; None where it shows none."""
        if self.at_api.certificate is None:
            return None
        certificate = x509.load_pem_x509_certificate(self.at_api.certificate.read_bytes())
        return certificate_thumbprint(certificate.public_bytes(serialization.Encoding.DER))

    def token_call(self) -> Call:
        """RFC 6749 §4.4.2, with the client's authentication, and a proof where tokens are bound to a key."""
        call = self._form_call(self.token_endpoint, {"grant_type": "client_credentials", "scope": SCOPE})
        return self._proven(call, None)

    def revoke_call(self, token: str) -> Call:
        """RFC 7009 §2.1."""
        return self._form_call(self.revocation_endpoint, {"token": token})

    def accounts_call(self, token: str) -> Call:
        """Reads the accounts."""
        return self.presenting(
            Call("GET", f"{self.api_url}{self.method.accounts_path}", None, NO_CREDENTIALS), token
        )

    def payment_call(self, token: str, account: str) -> Call:
        """Pays a cent."""
        instruction = {
            "debtor_account": account,
            "creditor_name": "Paper Mill Ltd",
            "creditor_iban": "GB33BUKB20201555555555",
            "amount": {"amount": "0.01", "currency": "EUR"},
            "reference": "Comparison",
        }
        headers = (JSON, ("Idempotency-Key", str(uuid.uuid4())))
        body = json.dumps(instruction).encode()
        return self.presenting(
            Call("POST", f"{self.api_url}/payments", None, NO_CREDENTIALS, headers, body), token
        )

    def presenting(self, call: Call, token: str) -> Call:
        """The call with this client's token, and with all that proves it to be this client's."""
        presented = call.with_header("Authorization", f"{self.method.scheme} {token}")
        return self._proven(presented.but(credentials=self.at_api), token)

    def _form_call(self, endpoint: str, parameters: dict[str, str]) -> Call:
        authentication = self._assertions.form() if self._assertions else {}
        form = {"client_id": self.method.client_id, **parameters, **authentication}
        return Call("POST", endpoint, None, self.credentials, (FORM,), urlencode(form).encode())

    def _proven(self, call: Call, token: str | None) -> Call:
        return call if self.proofs is None else with_proof(call, self.proofs, token)


def with_proof(call: Call, proofs: DpopProofs, token: str | None) -> Call:
    """The call with a fresh DPoP proof (RFC 9449 §4.2), in place of any other."""
    request = httpx.Request(call.method, call.url)
    proofs.sign(request, token)
    return call.with_header("DPoP", request.headers["DPoP"])


def new_proofs() -> DpopProofs:
    """By a new key."""
    return DpopProofs(ec.generate_private_key(ec.SECP256R1()), _NONCES)


def answered(call: Callable[[], Call], send: Callable[[Call], Exchange]) -> Exchange:
    """The answer to a call; made again where the server asks for its nonce (RFC 9449 §8, §9)."""
    exchange = send(call())
    return send(call()) if _learn(exchange) else exchange


def _learn(exchange: Exchange) -> bool:
    """Keep the nonce that an answer brings; whether it asks for the call again."""
    nonce = exchange.headers.get("dpop-nonce")
    if nonce is not None:
        _NONCES.keep(httpx.URL(exchange.url), nonce)
    return nonce is not None and exchange.error == "use_dpop_nonce"


def _credentials(method: Method, deployment: Deployment) -> Credentials:
    if not method.certificate:
        return NO_CREDENTIALS
    variables = deployment.variables()
    certificate = Path(variables[f"{method.certificate}_CERTIFICATE"])
    if certificate.parent.name != "current":
        return Credentials(certificate, Path(variables[f"{method.certificate}_KEY"]))
    # The link may turn between two looks: certificate and key are to be of one generation.
    generation = GenerationStore(certificate.parent.parent).current()
    return Credentials(generation.certificate_path, generation.private_key_path)


def _assertions(method: Method, deployment: Deployment) -> ClientAssertions | None:
    if not method.key:
        return None
    jwk = json.loads(Path(deployment.variables()[method.key]).read_text())
    key = jwt.algorithms.ECAlgorithm.from_jwk(jwk)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{method.key} holds no private EC key")
    return ClientAssertions(method.client_id, deployment.issuer, key, jwk["kid"])
