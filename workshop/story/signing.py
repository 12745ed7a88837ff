"""The clients that sign what they send, or made their own certificates; and what the thieves have of them."""

from functools import cache, partial
from pathlib import Path
from urllib.parse import parse_qsl

from cryptography import x509

from sender_constraint.jose import jws
from workshop.asserting import Signer, SigningClients, SigningLoot, new_key
from workshop.story.registration import (
    BY_NAME,
    by_key,
    expired_statement,
    initial_access_token,
    registration,
    software_statement,
)
from workshop.story.stage import Stage, StoryStopped, outcome_of
from workshop.wire import NO_CREDENTIALS, Credentials


def signing_clients(stage: Stage, nonce: str | None) -> SigningClients:
    """Those of ``demo.env``. nonce: of the authorization server, where it asked for one."""
    deployment = stage.deployment
    variables = deployment.variables()

    def signer(prefix: str) -> Signer:
        file = Path(variables[f"{prefix}_JWK"])
        return Signer.of_file(variables[f"{prefix}_ID"], deployment.issuer, file, nonce)

    certificate, key = variables["SELF_SIGNED_CERTIFICATE"], variables["SELF_SIGNED_KEY"]
    return SigningClients(
        by_key=signer("JWT_CLIENT"),
        by_key_bound_to_certificate=signer("JWT_MTLS_CLIENT"),
        self_signed=Credentials(Path(certificate), Path(key)),
        self_signed_client_id=variables["SELF_SIGNED_CLIENT_ID"],
        registration=cache(lambda: registration(stage, BY_NAME)),
        registration_by_key=cache(lambda: registration(stage, by_key())),
        statement=cache(lambda: software_statement(deployment)),
    )


def signing_loot(stage: Stage, clients: SigningClients) -> SigningLoot:
    """What is to be had of them: never a key."""
    if clients.self_signed.certificate is None:
        raise StoryStopped("the client with a certificate of its own has none")
    return SigningLoot(
        leaked=clients.by_key.assertion,
        overheard=partial(_overheard, stage, clients.by_key),
        forger=partial(_forger, clients.by_key, new_key()),
        spent_initial_token=lambda: clients.registration().spent,
        initial_token=lambda: initial_access_token(stage.deployment),
        statement=clients.statement,
        expired_statement=cache(lambda: expired_statement(stage.deployment)),
        certificate=x509.load_pem_x509_certificate(clients.self_signed.certificate.read_bytes()),
    )


def _forger(signer: Signer, key: jws.PrivateKey, client_id: str | None) -> Signer:
    """With the thief's key, and all else that is public of this client."""
    return Signer(
        client_id or signer.client_id, signer.issuer, key, signer.key_identifier, nonce=signer.nonce
    )


def _overheard(stage: Stage, signer: Signer) -> tuple[str, str]:
    call = signer.token_call(stage.deployment.issuer, NO_CREDENTIALS)
    exchange = call.send(stage.wire)
    if exchange.status != 200:
        raise StoryStopped(f"no token for {signer.client_id}: {outcome_of(exchange)}")
    form = dict(parse_qsl((call.body or b"").decode()))
    return form["client_assertion"], dict(call.headers)["DPoP"]
