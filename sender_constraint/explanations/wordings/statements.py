"""Software statements, by which clients register."""

from sender_constraint.explanations.wordings.wording import Wording

_NEW = "Get a new software statement from the scheme's directory, and send it exactly as it came."
_OWN = "Show the certificate that the statement names, in the handshake; say no other name or key beside it."

RULES = {
    "statement.issuer": Wording(
        "a software statement by {expected}", "one by {presented}", "Register by an initial access token."
    ),
    "statement.form": Wording("a signed JWT of ordinary size", "one that is none: {problem}", _NEW),
    "statement.type": Wording("typ one of {expected}, or none", "typ {presented}", _NEW),
    "statement.algorithm": Wording("a statement signed with one of {expected}", "alg {presented}", _NEW),
    "statement.critical": Wording("a statement without crit", "crit {presented}", _NEW),
    "statement.claims": Wording(
        "iss, iat, exp and software_id, each of its type", "none such: {malformed}", _NEW
    ),
    "statement.keys-away": Wording("the directory's keys, at {source}", "none: {problem}"),
    "statement.key": Wording("one of the directory's keys: {expected}", "kid {presented}", _NEW),
    "statement.signature": Wording(
        "a signature by the directory's key, with thumbprint {expected}",
        "one that does not verify with it",
        _NEW,
    ),
    "statement.expired": Wording("a statement in force at {now}", "one that expired at {expires_at}", _NEW),
    "statement.in-future": Wording(
        "a statement in force at {now}, give or take {leeway_seconds} seconds", "one of {begins_at}", _NEW
    ),
    "statement.audience": Wording("aud {expected}, or none", "aud {presented}", _NEW),
    "statement.contradicted": Wording(
        "metadata with the statement's names and keys", "other ones: {members}", _OWN
    ),
    "statement.names-nobody": Wording("a statement with one of {expected}", "one without", _NEW),
    "statement.certificate": Wording(
        "a connection with the certificate that the statement names", "one that fails {because}", _OWN
    ),
    "statement.same": Wording(
        "software_statement, as it was told at registration",
        "another one, or none",
        "Send the one of the registration; to use a new one, register anew.",
    ),
}

AREAS: dict[str, Wording] = {}
