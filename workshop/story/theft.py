"""Before the catalogue is played: who plays, and how the thieves came by what they have."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.issuance import EstIssuer
from sender_constraint.certificates.rotation import ensure_generation
from sender_constraint.client.dpop import DpopProofs
from workshop.calls import Call
from workshop.catalogue.partners import new_key, paying, payment_from
from workshop.catalogue.token_nonces import CLIENT as NONCE_CLIENT
from workshop.catalogue.token_nonces import proof_for
from workshop.dumps import Dumps
from workshop.environment.parties import participant_of
from workshop.forgery import decoded_parts
from workshop.insider import insider_of
from workshop.loot import Cast, Enrolment, Holdings, Loot, Member, Targets
from workshop.private_files import write_private
from workshop.proofs import ABSENT, Proofs
from workshop.story.former import former_participant
from workshop.story.lineages import renewed_lineage, suspended_lineage
from workshop.story.partner import (
    Partner,
    current_partner,
    issuer_public_key,
    private_workspace,
    token_endpoint,
)
from workshop.story.revoked_token import revoked_token
from workshop.story.signing import signing_clients, signing_loot
from workshop.story.stage import Stage, StoryStopped, outcome_of
from workshop.wire import NO_CREDENTIALS, Credentials, Exchange

POLL_SECONDS = 0.25
# The demo's client with mutual TLS and DPoP.
KEY_HOLDER = "dpop-client"
OTHER_RESOURCE = "https://other-api.example"
OPAQUE_CLIENT = "opaque-client"


def the_theft(stage: Stage) -> Cast:
    """The whole cast."""
    deployment = stage.deployment
    partner = current_partner(deployment)
    expired = partner.token(stage, client_id="short-lived")
    other = Partner(GenerationStore(deployment.certificate_store("other_partner")).current())
    honest = _member(stage, partner, "partner")
    holder, nonce = _key_holder(stage, partner)
    own = enrolled_thief(stage)
    signers = signing_clients(stage, nonce)
    loot = Loot(
        token=honest.token,
        partner_certificate=partner.generation.certificate,
        own=Credentials(own.certificate_path, own.private_key_path),
        expired_token=cache(lambda: _over(stage, partner, expired)),
        other_audience_token=partner.token(stage, resource=OTHER_RESOURCE),
        unbound_token=partner.token(stage, client_id="partner-bearer"),
        opaque_token=partner.token(stage, client_id=OPAQUE_CLIENT),
        other_opaque_token=partner.token(stage, client_id=OPAQUE_CLIENT, resource=OTHER_RESOURCE),
        another_token=lambda: partner.token(stage),
        revoked_token=cache(lambda: revoked_token(stage, partner, "partner")),
        revoked_opaque_token=cache(lambda: revoked_token(stage, partner, OPAQUE_CLIENT)),
        issuer_key=issuer_public_key(stage),
        enrolment=_enrolment(stage, own),
        names=_names("partner_client"),
        holdings=honest.holdings,
        overheard_key=lambda: _overheard_key(stage, honest),
        former=cache(lambda: former_participant(stage)),
        lineage=lambda: renewed_lineage(stage),
        suspended=lambda: suspended_lineage(stage),
        dumps=Dumps(deployment),
        signing=signing_loot(stage, signers),
        in_advance=holder,
        overheard_proof=lambda: _overheard_proof(stage, holder),
        token_endpoint=token_endpoint(stage),
        resource=deployment.api_url,
        workspace=private_workspace(stage, "thief"),
        insider=insider_of(deployment, honest.token, partner.generation.certificate),
    )
    targets = Targets(deployment.issuer, deployment.api_url, deployment.ca_url)
    return Cast(
        targets,
        deployment.issuer,
        deployment.certificate_store("partner_client"),
        deployment.trust_bundle,
        honest,
        holder,
        lambda: _given_nonce(stage, partner),
        _member(stage, other, "other-partner"),
        signers,
        loot,
    )


def enrolled_thief(stage: Stage) -> Generation:
    """The thief's own valid certificate: it is a participant of the scheme, and enrols like everyone.

    Raises StoryStopped if the certificate authority does not issue.
    """
    deployment = stage.deployment
    secret = _thieves_folder(stage) / "client.secret"
    if secret.exists():
        # Everyone else forgets a secret that is spent; a thief keeps it, to see what it is still good for.
        write_private(_kept(stage), secret.read_text())
    est = EstClient(f"{deployment.ca_url}/.well-known/est", deployment.trust_bundle)
    issuer = EstIssuer(est, _names("thief"), participant_of("thief").name, secret, deployment.trust_bundle)
    outcome = ensure_generation(GenerationStore(deployment.certificate_store("thief")), issuer)
    if outcome.generation is None or outcome.error is not None:
        raise StoryStopped(f"the thief got no certificate of its own: {outcome.error}")
    return outcome.generation


def _enrolment(stage: Stage, own: Generation) -> Enrolment:
    key = serialization.load_pem_private_key(own.private_key_path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StoryStopped("the thief's key is not an EC key")
    kept = _kept(stage)
    # Without one it enrolled before thieves kept theirs: then only its certificate serves it.
    secret = kept.read_text().strip() if kept.exists() else ""
    return Enrolment(participant_of("thief").name, secret, _names("thief"), key)


def _names(party: str) -> RequestedNames:
    participant = participant_of(party)
    return RequestedNames(participant.subject, (participant.dns_name,), (participant.uri,))


def _thieves_folder(stage: Stage) -> Path:
    return stage.deployment.states["thief"] / "enrolment"


def _kept(stage: Stage) -> Path:
    return _thieves_folder(stage) / "spent.secret"


def _member(stage: Stage, partner: Partner, client_id: str) -> Member:
    """A client of the bank, with a booking of its own to look at."""
    token = partner.token(stage, client_id)
    call = partner.accounts_call(stage.deployment, token)
    account = str(_answered(stage, call).json()["accounts"][0]["id"])
    paid = _paid(stage, call, account, new_key())
    bookings = _answered(stage, call.at(f"/accounts/{account}/transactions")).json()["transactions"]
    holdings = Holdings(account, str(bookings[0]["id"]), paid)
    return Member(client_id, partner.credentials, token, holdings)


def _key_holder(stage: Stage, partner: Partner) -> tuple[Proofs, str | None]:
    """The partner as a client whose tokens are bound to a key of its own (RFC 9449 §5).

    And the nonce of the authorization server: where Redis has just started, both servers ask for theirs.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    proofs, endpoint = DpopProofs(key), httpx.URL(token_endpoint(stage))

    def proof(nonce: str | None) -> str:
        return proofs.proof("POST", endpoint, None, nonce, datetime.now(UTC))

    nonce = partner.request_token(stage, KEY_HOLDER, proof(None)).headers.get("dpop-nonce")
    token = partner.token(stage, KEY_HOLDER, proof=proof(nonce))
    holder = Proofs(key, token, f"{stage.deployment.api_url}/accounts")
    asked = _holders_call(holder).send(stage.wire).headers.get("dpop-nonce", ABSENT)
    return replace(holder, nonce=asked), nonce


def _holders_call(holder: Proofs) -> Call:
    headers = (("Authorization", f"DPoP {holder.token}"), ("DPoP", holder.proof()))
    return Call("GET", holder.url, None, NO_CREDENTIALS, headers)


def _given_nonce(stage: Stage, partner: Partner) -> str:
    """RFC 9449 §8: who comes without a nonce is told one."""
    exchange = partner.request_token(stage, NONCE_CLIENT, proof_for(token_endpoint(stage)))
    if "dpop-nonce" not in exchange.headers:
        raise StoryStopped(f"the token endpoint gave no nonce: {outcome_of(exchange)}")
    return exchange.headers["dpop-nonce"]


def _overheard_proof(stage: Stage, holder: Proofs) -> str:
    call = _holders_call(holder)
    _answered(stage, call)
    return dict(call.headers)["DPoP"]


def _overheard_key(stage: Stage, member: Member) -> str:
    key = new_key()
    call = Call("POST", stage.deployment.api_url, member.token, member.credentials)
    _paid(stage, call, member.holdings.account, key)
    return key


def _paid(stage: Stage, call: Call, account: str, key: str) -> str:
    """The identifier of a payment of a cent."""
    payment = paying(call.but(method="POST").at("/payments"), payment_from(account), key)
    return str(_answered(stage, payment, 201).json()["id"])


def _answered(stage: Stage, call: Call, status: int = 200) -> Exchange:
    exchange = call.send(stage.wire)
    if exchange.status != status:
        raise StoryStopped(f"{call.method} {call.url} was not answered: {outcome_of(exchange)}")
    return exchange


def _over(stage: Stage, partner: Partner, token: str) -> str:
    """The short-lived token, once the API no longer takes it from its owner."""
    _, claims = decoded_parts(token)
    stage.narrator.explain(
        "The token of the client short-lived lasts two seconds; the API allows clocks to differ a little, "
        "so its owner presents it until it is over."
    )
    deadline = time.monotonic() + claims["exp"] - datetime.now(UTC).timestamp() + 30
    call = partner.accounts_call(stage.deployment, token)
    while call.send(stage.wire).status == 200 and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return token
