"""Act 2: the partner gets a token that is bound to its certificate."""

import json

from workshop.forgery import decoded_parts
from workshop.story.partner import current_partner, show
from workshop.story.stage import Stage, outcome_of

TITLE = "The partner gets a token"


def play(stage: Stage) -> None:
    """Ask for a token, decode it, and lay its confirmation beside the certificate."""
    narrator = stage.narrator
    narrator.say("The partner asks the bank's authorization server for a token, on a mutual TLS connection.")
    narrator.explain(
        "The request names the client; the certificate of the connection authenticates it, by the subject "
        "that the client registered (tls_client_auth, RFC 8705 §2.1). There is no secret to send."
    )
    partner = current_partner(stage.deployment)
    exchange = partner.request_token(stage, scope="accounts payments")
    thumbprint = partner.generation.thumbprint
    show(stage, "partner", "authserver", exchange, thumbprint)
    stage.row("2", "the partner asks for a token", "200", outcome_of(exchange))
    if exchange.status != 200:
        return
    header, claims = decoded_parts(exchange.json()["access_token"])
    narrator.say("The token, decoded (RFC 9068):")
    narrator.facts({"header": json.dumps(header), "claims": json.dumps(claims)})
    confirmation = claims.get("cnf", {}).get("x5t#S256", "none")
    narrator.say("Bound to the certificate (RFC 8705 §3.1):")
    narrator.facts({"cnf.x5t#S256 in the token": confirmation, "of the connection's certificate": thumbprint})
    narrator.explain(
        "The authorization server took the SHA-256 of the DER certificate of this very connection. Whoever "
        "presents the token must prove possession of that certificate's private key, in each handshake."
    )
    stage.row("2", "cnf.x5t#S256 is the thumbprint of the connection", thumbprint, confirmation)
