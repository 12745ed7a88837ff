"""Act 9: the thief before every method, with the token, with a whole request, and with the key."""

from workshop.comparison.thefts import MethodThief, Tried, try_it
from workshop.methods import METHODS, Holder, answered
from workshop.story.partner import metadata, show
from workshop.story.stage import Stage, StoryStopped, outcome_of, refusal_in

TITLE = "The thief before every method"


def play(stage: Stage) -> None:
    """For each method: its client is served, and each theft comes out as the method promises."""
    stage.narrator.say(
        "Seven clients of the bank, each bound in another way, and one thief, who takes the token of each, "
        "overhears a request of each, and takes the key of each."
    )
    stage.narrator.explain(
        "A certificate proves its key once for each connection, and a DPoP proof once for each request. So a "
        "request that somebody overhears is worth nothing to him with either; one that he keeps from "
        "arriving is worth something with DPoP: it is complete, for that address, for a minute, once."
    )
    thief, known = MethodThief.enrolled(stage), metadata(stage)
    for method in METHODS:
        _play(stage, thief, Holder(method, stage.deployment, known))
    stage.narrator.say(
        "Whoever has the key is the client, whichever the method, until something is revoked: "
        "./scripts/compare measures how long that takes."
    )


def _play(stage: Stage, thief: MethodThief, holder: Holder) -> None:
    method, narrator = holder.method, stage.narrator
    narrator.say(f"{method.title}:")
    exchange = answered(holder.token_call, lambda call: call.send(stage.wire))
    if exchange.status != 200:
        raise StoryStopped(f"no token for {method.client_id}: {outcome_of(exchange)}")
    token = str(exchange.json()["access_token"])
    own = answered(lambda: holder.accounts_call(token), lambda call: call.send(stage.wire))
    show(stage, method.client_id, "bank_api", own, holder.thumbprint)
    stage.row("9", f"{method.title}: its own client", "200", outcome_of(own))
    for theft in thief.thefts(holder, token, lambda call: call.send(stage.wire)):
        tried = try_it(stage, theft)
        _tell(stage, tried)
        stage.row(
            "9",
            f"{method.title}: {theft.taken}, {theft.what}",
            _came(theft.outcome, theft.rule),
            _came(tried.outcome, tried.rule),
            holds=tried.holds,
        )


def _tell(stage: Stage, tried: Tried) -> None:
    exchange, theft = tried.exchange, tried.theft
    stage.narrator.remark(f"{theft.taken}, {theft.what}{'' if theft.rule else ': it works'}")
    stage.narrator.call(
        "thief",
        "bank_api" if exchange.url.startswith(stage.deployment.api_url) else "authserver",
        exchange.method,
        f"/{exchange.url.partition('://')[2].partition('/')[2]}",
        tried.outcome,
        thumbprint=tried.evidence.events[0].get("thumbprint") if tried.evidence.events else None,
        refused=refusal_in(exchange, tried.evidence),
        wanted=tried.holds,
    )


def _came(outcome: str, rule: str | None) -> str:
    return f"{outcome}: {rule}" if rule else outcome
