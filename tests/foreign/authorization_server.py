"""An authorization server by somebody else: other paths, another port for mutual TLS, other habits.

It binds tokens to the client's certificate (RFC 8705 §3), publishes metadata (RFC 8414 §3, or OpenID Connect
Discovery 1.0 §4), and knows nothing of this repository.
"""

import secrets
import ssl
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.placed import PlacedFiles
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.core.trust_anchors import TrustAnchors
from tests.foreign.signing import signing_key
from tests.sender_constraint.authority import LOCALHOST, Authority, pem
from tests.sender_constraint.pki import Issued, Scheme
from tests.sender_constraint.responder import Responder
from tests.sender_constraint.scheme_status import SchemeStatus
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer

NOT_FOUND = Answer(404, {"error": "not_found"})
TENANT = "/realms/main"
NONCE = "a-nonce-of-the-foreign-server"


@dataclass
class Habits:
    """What differs between authorization servers. A test may change them between two calls.

    path: of the issuer. well_known: which document there is. claims: replace those of the token, or leave one
    out where None. confirmation: members beside the thumbprint in ``cnf``; None: unbound tokens.
    """

    path: str = TENANT
    well_known: str = "oauth-authorization-server"
    aliases: bool = True
    algorithm: str = "ES256"
    published: tuple[str, ...] = ("ES256",)
    type: str | None = "at+jwt"
    claims: dict[str, Any] = field(default_factory=dict)
    confirmation: dict[str, Any] | None = field(default_factory=dict)
    audience: str = ""
    opaque: bool = False
    dpop: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)


class ForeignServer:
    """Two ports: one for everybody, and one that asks for certificates.

    clients: the authority of the clients' certificates, where that is not the server's own.
    """

    def __init__(self, folder: Path, habits: Habits, clients: Authority | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder, "Foreign")
        self.habits = habits
        self._handles: dict[str, dict[str, Any]] = {}
        asking = self.authority.server_context()
        if clients is not None:
            asking.load_verify_locations(clients.trust_bundle)
        plain = self.authority.server_context()
        plain.verify_mode = ssl.CERT_NONE  # a server's side: it asks no client for a certificate
        # Root alone: what stands between, its servers send.
        self.root = folder / "root.pem"
        self.root.write_bytes(pem(self.authority.root))
        self.everybody = TLSServer(plain, self._answer)
        self.with_certificate = TLSServer(asking, self._answer)

    @property
    def issuer(self) -> str:
        return self.everybody.origin + self.habits.path

    @property
    def jwks_url(self) -> str:
        return f"{self.everybody.origin}/keys/all"

    @contextmanager
    def running(self) -> Iterator["ForeignServer"]:
        with self.everybody, self.with_certificate:
            yield self

    def token(
        self,
        thumbprint: str | None,
        *,
        client_id: str = "partner",
        scope: str = "orders",
        jkt: str | None = None,
    ) -> str:
        """A token, bound to this certificate, or to this DPoP key, or, wrongly, to both."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.habits.audience,
            "sub": client_id,
            "client_id": client_id,
            "iat": now,
            "exp": now + 300,
            "jti": uuid.uuid4().hex,
            "scope": scope,
        }
        if thumbprint is not None and self.habits.confirmation is not None:
            claims["cnf"] = {"x5t#S256": thumbprint, **self.habits.confirmation}
        if jkt is not None:
            claims["cnf"] = {**claims.get("cnf", {}), "jkt": jkt}
        claims = {
            name: value for name, value in {**claims, **self.habits.claims}.items() if value is not None
        }
        if self.habits.opaque:
            handle = secrets.token_urlsafe(32)
            self._handles[handle] = claims
            return handle
        key = signing_key(self.habits.algorithm)
        header = {"kid": key.kid, "typ": self.habits.type}
        return jwt.encode(claims, key.private_key, algorithm=key.algorithm, headers=header)

    def _answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        if path == self._metadata_path():
            return Answer(content=self._metadata())
        if path == "/keys/all":
            return Answer(content={"keys": [signing_key(each).jwk() for each in self.habits.published]})
        if path == "/connect/token" and asked.method == "POST":
            return self._token(asked)
        if path == "/connect/introspect" and asked.method == "POST":
            return self._introspection(asked)
        return NOT_FOUND

    def _metadata_path(self) -> str:
        if self.habits.well_known == "openid-configuration":
            # OpenID Connect Discovery 1.0 §4.1: behind the issuer's path, not between.
            return f"{self.habits.path}/.well-known/openid-configuration"
        return f"/.well-known/{self.habits.well_known}{self.habits.path}"

    def _metadata(self) -> dict[str, Any]:
        endpoint = "/connect/token"
        document: dict[str, Any] = {
            "issuer": self.issuer,
            "token_endpoint": self.everybody.origin + endpoint,
            "jwks_uri": self.jwks_url,
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["tls_client_auth"],
            "tls_client_certificate_bound_access_tokens": True,
        }
        if self.habits.aliases:
            document["introspection_endpoint"] = f"{self.everybody.origin}/connect/introspect"
            document["mtls_endpoint_aliases"] = {
                "token_endpoint": self.with_certificate.origin + endpoint,
                "introspection_endpoint": f"{self.with_certificate.origin}/connect/introspect",
            }
        else:
            document["token_endpoint"] = self.with_certificate.origin + endpoint
        return {**document, **self.habits.metadata}

    def _introspection(self, asked: Asked) -> Answer:
        """RFC 7662 §2.2: of the members, those alone that the token has."""
        if asked.thumbprint is None:
            return Answer(401, {"error": "invalid_client"})
        claims = self._handles.get(parse_qs(asked.body.decode()).get("token", [""])[0])
        return Answer(content={"active": False} if claims is None else {"active": True, **claims})

    def _token(self, asked: Asked) -> Answer:
        form = parse_qs(asked.body.decode())
        if self.habits.dpop:
            return self._dpop_token(asked, form)
        if asked.thumbprint is None:
            return Answer(401, {"error": "invalid_client", "error_description": "no certificate"})
        scope = form.get("scope", ["orders"])[0]
        token = self.token(asked.thumbprint, client_id=form["client_id"][0], scope=scope)
        return Answer(content={"access_token": token, "token_type": "Bearer", "expires_in": 300})

    def _dpop_token(self, asked: Asked, form: dict[str, list[str]]) -> Answer:
        """RFC 7523 §2.2 and RFC 9449 §5, §8: an assertion, and a proof with the nonce of this server."""
        said = jwt.decode(form["client_assertion"][0], options={"verify_signature": False})
        if (said["iss"], said["aud"]) != (form["client_id"][0], self.issuer):
            return Answer(401, {"error": "invalid_client"})
        head = jwt.get_unverified_header(asked.headers["dpop"])
        proof = jwt.decode(
            asked.headers["dpop"], jwt.PyJWK(head["jwk"]).key, algorithms=["ES256", "PS256", "EdDSA"]
        )
        if proof.get("nonce") != NONCE:
            return Answer(400, {"error": "use_dpop_nonce"}, {"DPoP-Nonce": NONCE})
        token = self.token(None, scope=form["scope"][0], jkt=jwk_thumbprint(head["jwk"]))
        return Answer(content={"access_token": token, "token_type": "DPoP", "expires_in": 300})


@contextmanager
def responder_of(authority: Authority) -> Iterator[Responder]:
    """Says of every certificate of this authority that it is good; ``reply.revoke`` says otherwise."""
    scheme = Scheme(
        Issued(authority.root, authority.root_key),
        Issued(authority.issuing, authority.key),
        TrustAnchors.from_pem(authority.trust_bundle.read_bytes()),
    )
    with Responder(SchemeStatus(scheme)) as running:
        yield running


def placed(authority: Authority, folder: Path, name: str, *, server: bool = False) -> PlacedFiles:
    """A certificate with its chain and its key, in files, as something else would put them in place."""
    key = new_private_key()
    names = LOCALHOST if server else ()
    subject = f"CN={name}"
    certificate = authority.issue(key, subject, names=names, lifetime=timedelta(hours=1), server=server)
    files = PlacedFiles(folder / f"{name}.pem", folder / f"{name}-key.pem")
    files.certificate.write_bytes(pem(certificate, authority.issuing))
    files.private_key.write_bytes(private_key_pem(key))
    return files
