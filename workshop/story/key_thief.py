"""A thief who has the private key, too: in how many ways it shows the partner's certificate to the bank."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from sender_constraint.certificates.generations import Generation
from workshop.calls import Call
from workshop.open_connection import OpenConnection
from workshop.private_files import write_private
from workshop.story.partner import FORM, Partner, metadata, private_workspace
from workshop.story.stage import Stage
from workshop.story.ways import Way
from workshop.wire import Credentials


@dataclass(frozen=True)
class KeyThief:
    """Has the partner's token, and copies of its certificate and key.

    generation: the partner's, which it copied.
    """

    generation: Generation
    credentials: Credentials
    token: str
    token_endpoint: str

    @classmethod
    def robbing(cls, stage: Stage, partner: Partner) -> "KeyThief":
        """Copy the partner's files, and take a token out of its memory."""
        folder, generation = private_workspace(stage, "key-thief"), partner.generation
        copied = Credentials(
            write_private(folder / "certificate.pem", generation.certificate_path.read_text()),
            write_private(folder / "private-key.pem", generation.private_key_path.read_text()),
        )
        endpoint = str(metadata(stage)["mtls_endpoint_aliases"]["token_endpoint"])
        return cls(generation, copied, partner.token(stage), endpoint)

    def accounts_call(self, stage: Stage) -> Call:
        """With the token that was issued before."""
        return Call("GET", f"{stage.deployment.api_url}/accounts", self.token, self.credentials)

    def token_call(self) -> Call:
        """For a token of its own."""
        form = urlencode({"grant_type": "client_credentials", "client_id": "partner"}).encode()
        return Call("POST", self.token_endpoint, None, self.credentials, tuple(FORM.items()), form)

    @contextmanager
    def ways(self, stage: Stage) -> Iterator[tuple[Way, ...]]:
        """To API and token endpoint, on new connections, and on two that are open from now on."""
        api, tokens = self.accounts_call(stage), self.token_call()
        with closing(self._opened(stage, api)) as to_api, closing(self._opened(stage, tokens)) as to_issuer:
            yield (
                Way("API, new connections", "bank_api", lambda: api.send(stage.wire)),
                Way("API, the open connection", "bank_api", lambda: to_api.send(api)),
                Way("token endpoint, new connections", "authserver", lambda: tokens.send(stage.wire)),
                Way("token endpoint, the open connection", "authserver", lambda: to_issuer.send(tokens)),
            )

    def _opened(self, stage: Stage, call: Call) -> OpenConnection:
        parts = urlsplit(call.url)
        return OpenConnection(
            stage.deployment.trust_bundle, f"{parts.scheme}://{parts.netloc}", self.credentials
        )
