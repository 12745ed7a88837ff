"""Act 4: a thief has the token, and tries it in every way of the catalogue."""

import time
from datetime import UTC, datetime

from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.certificates.enrolment import ensure_generation
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.issuance import EstIssuer
from workshop.catalogue import ATTACKS, Expected
from workshop.changes import Call, Loot
from workshop.environment.parties import participant_of
from workshop.forgery import decoded_parts
from workshop.story.partner import (
    Partner,
    current_partner,
    issuer_public_key,
    private_workspace,
    show,
)
from workshop.story.stage import Stage, StoryStopped, outcome_of, refusal_in
from workshop.thief import Played, Thief
from workshop.wire import Credentials, Exchange

TITLE = "A thief has the token"
POLL_SECONDS = 0.25


def play(stage: Stage) -> None:
    """Prove that the valid call is answered, play every attack, and prove it once more."""
    narrator = stage.narrator
    narrator.say("A thief stole the partner's token, and knows its certificate, which is public.")
    narrator.explain(
        "Each attempt differs from the partner's own call by what the line says. The thief also owns a valid "
        "certificate of the same scheme: it is another participant, and still not the partner."
    )
    partner = current_partner(stage.deployment)
    valid, loot = the_theft(stage, partner)
    thief = Thief(stage.wire, stage.audit, valid, loot)
    _valid_call(stage, partner, valid, "the partner's own call, for comparison")
    for attack in ATTACKS:
        played = thief.play(attack)
        _tell(stage, played)
        stage.row(
            attack.label,
            attack.title,
            _stated(attack.expected),
            _observed(played),
            holds=played.holds,
        )
    _valid_call(stage, partner, valid, "the partner's own call, after all that")


def the_theft(stage: Stage, partner: Partner) -> tuple[Call, Loot]:
    """The valid call, and what the thief took: by now the token of the short-lived client is over."""
    other_audience = partner.token(stage, resource="https://other-api.example")
    expired = partner.token(stage, client_id="short-lived")
    own = enrolled_thief(stage)
    token = partner.token(stage)
    loot = Loot(
        token=token,
        partner_certificate=partner.generation.certificate,
        own=Credentials(own.certificate_path, own.private_key_path),
        expired_token=expired,
        other_audience_token=other_audience,
        issuer_key=issuer_public_key(stage),
        workspace=private_workspace(stage, "thief"),
    )
    _until_refused(stage, partner, expired)
    return partner.accounts_call(stage.deployment, token), loot


def enrolled_thief(stage: Stage) -> Generation:
    """The thief's own valid certificate: it is a participant of the scheme, and enrols like everyone.

    Raises StoryStopped if the certificate authority does not issue.
    """
    deployment, participant = stage.deployment, participant_of("thief")
    names = RequestedNames(participant.subject, (participant.dns_name,), (participant.uri,))
    secret = deployment.states["thief"] / "enrolment" / "client.secret"
    est = EstClient(f"{deployment.ca_url}/.well-known/est", deployment.trust_bundle)
    issuer = EstIssuer(est, names, participant.name, secret, deployment.trust_bundle)
    store = GenerationStore(deployment.certificate_store("thief"))
    outcome = ensure_generation(store, issuer)
    if outcome.generation is None or outcome.error is not None:
        raise StoryStopped(f"the thief got no certificate of its own: {outcome.error}")
    return outcome.generation


def _until_refused(stage: Stage, partner: Partner, token: str) -> None:
    """Present the short-lived token as its owner until the API no longer takes it."""
    _, claims = decoded_parts(token)
    stage.narrator.explain(
        "The token of the client short-lived lasts two seconds; the API allows clocks to differ a little, "
        "so its owner presents it until it is over."
    )
    deadline = time.monotonic() + claims["exp"] - datetime.now(UTC).timestamp() + 30
    call = partner.accounts_call(stage.deployment, token)
    while call.send(stage.wire).status == 200 and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _valid_call(stage: Stage, partner: Partner, valid: Call, attempt: str) -> None:
    exchange = valid.send(stage.wire)
    show(stage, "partner", "bank_api", exchange, partner.generation.thumbprint)
    stage.row("4", attempt, "200", outcome_of(exchange))


def _tell(stage: Stage, played: Played) -> None:
    exchange, attack = played.exchange, played.attack
    stage.narrator.say(f"({attack.label.removeprefix('4')}) {attack.title}")
    presented = next((event.get("thumbprint") for event in played.evidence.events), None)
    stage.narrator.call(
        "thief",
        "bank_api",
        exchange.method,
        _path(exchange),
        outcome_of(exchange),
        thumbprint=presented,
        refused=refusal_in(exchange, played.evidence),
        wanted=played.holds,
    )
    for event in played.evidence.events:
        if event["event"] in attack.expected.also:
            stage.narrator.remark(f"recorded: {event['event']}, {event.get('section', '')}")


def _path(exchange: Exchange) -> str:
    """The path, with the value of a query cut: a token is not for the screen."""
    path = "/" + exchange.url.partition("://")[2].partition("/")[2]
    before, mark, _ = path.partition("=")
    return before + ("=…" if mark else "")


def _stated(expected: Expected) -> str:
    status = expected.status or "ended by TLS"
    return f"{status} {expected.error}: {expected.rule}"


def _observed(played: Played) -> str:
    status = played.exchange.status or "ended by TLS"
    missing = ", ".join(sorted(played.attack.expected.also - played.evidence.names()))
    note = f" (no event {missing})" if missing else ""
    return f"{status} {played.exchange.error}: {played.evidence.rule}{note}"
