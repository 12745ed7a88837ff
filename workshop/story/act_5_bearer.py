"""Act 5: the same theft with a plain bearer token."""

from dataclasses import replace

from workshop.forgery import decoded_parts
from workshop.story.partner import current_partner, show
from workshop.story.stage import Stage, outcome_of
from workshop.wire import NO_CREDENTIALS

TITLE = "The same theft with a plain bearer token"


def play(stage: Stage) -> None:
    """Get an unbound token as the partner, and use it as the thief."""
    narrator = stage.narrator
    partner = current_partner(stage.deployment)
    exchange = partner.request_token(stage, "partner-bearer", scope="accounts")
    show(stage, "partner", "authserver", exchange, partner.generation.thumbprint)
    stage.row("5", "the demo's bearer client gets an unbound token", "200", outcome_of(exchange))
    if exchange.status != 200:
        return
    token = str(exchange.json()["access_token"])
    _, claims = decoded_parts(token)
    stage.row("5", "that token has no confirmation", "no cnf", "cnf" if "cnf" in claims else "no cnf")

    route = f"{stage.deployment.api_url}/demo/bearer/accounts"
    stolen = replace(partner.accounts_call(stage.deployment, token), credentials=NO_CREDENTIALS)
    narrator.say("The thief steals it, and needs nothing else: no certificate, no key.")
    used = replace(stolen, url=route).send(stage.wire)
    show(stage, "thief", "bank_api", used, None)
    stage.row("5", "the thief uses the bearer token on the route that shows it", "200", outcome_of(used))
    narrator.say(
        f"It works for whoever has it, until it expires: for up to {exchange.json()['expires_in']} more "
        "seconds, and nothing on the wire tells the thief from the partner."
    )
    narrator.explain(
        "RFC 6750 §1.2 defines the bearer token so: any party in possession of it can use it. Only this "
        "route takes such a token, and only the demo's settings have the route."
    )
    elsewhere = stolen.send(stage.wire)
    show(stage, "thief", "bank_api", elsewhere, None, expected_status=401)
    stage.row("5", "the same bearer token on every other route", "401 invalid_token", outcome_of(elsewhere))
