"""Whether a token still counts: status lists, introspection, and revocation by its client."""

from sender_constraint.explanations.wordings.wording import Wording

_ANOTHER = "Ask the authorization server for a new token, and send that one."
_LATER = "Try again in a moment; if it goes on, look whether the authorization server answers."
_OWN = "Ask about tokens of this client's own; an API, about tokens that are for it."

RULES = {
    "token.status-claim": Wording(
        "a status claim with a status_list, or none",
        "one that leads nowhere: {problem}",
        "Have the issuer of the token correct it; the caller can do nothing about it.",
    ),
    "token.status-index": Wording(
        "a place in the list that the token names",
        "index {presented}, which is beyond its end",
        "Have the issuer of the token correct it; the caller can do nothing about it.",
    ),
    "token.status-stale": Wording(
        "the status list at {uri}, verified and at most {promise_seconds} seconds old",
        "one of {age_seconds} seconds, or none: {problem}",
        _LATER,
    ),
    "token.revoked": Wording(
        "a token that its issuer stands by",
        "one with the status {token_status} at index {index} of {uri}",
        f"{_ANOTHER} If nobody here revoked this one, ask the bank who did.",
    ),
    "token.inactive": Wording(
        "a token that its issuer calls active",
        "one that is unknown to it, has ended, is revoked, or is not for this API",
        f"{_ANOTHER} The trail of the authorization server says which of these it is.",
    ),
    "service.introspection": Wording(
        "an answer of the issuer's about the token, at most {promise_seconds} seconds old",
        "none: {problem}",
        _LATER,
    ),
    "introspection-limit.certificate": Wording(
        "at most {expected} tokens a minute that the issuer has not called active, for each certificate",
        "one more",
        "Wait for the seconds in Retry-After, and send the token that the authorization server gave you.",
    ),
    "introspection-limit.unidentified": Wording(
        "at most {expected} tokens a minute that the issuer has not called active, from all callers without "
        "a certificate of the scheme together",
        "one more",
        "Wait for the seconds in Retry-After, or call with a certificate of the scheme.",
    ),
    "token-parameter.missing": Wording("the parameter token", "none", "Add token=TOKEN to the body."),
    "introspection.issued": Wording("a token that this server issued", "another one, or not all of it", _OWN),
    "introspection.key": Wording(
        "a token signed by a key that is published",
        "kid {presented}, which has been withdrawn",
        _ANOTHER,
    ),
    "introspection.concerns": Wording("one of {expected}", "{presented}", _OWN),
    "introspection.expired": Wording("a token in force", "one that ended at {expired_at}", _ANOTHER),
    "introspection.revoked": Wording(
        "a token that is not revoked", "one that was revoked at {revoked_at}", _ANOTHER
    ),
    "token-revocation.type": Wording(
        "an access token",
        "a JWT of the type {presented}",
        "Send the access token: nothing else is revoked here.",
    ),
    "token-revocation.issued": Wording(
        "a token that this server issued",
        "another one, or not all of it",
        "Nothing has to be done: what was not issued opens nothing.",
    ),
    "token-revocation.own": Wording(
        "a token of the client {expected}",
        "the client {presented}",
        "Have the client revoke it whose token it is, or the bank.",
    ),
}

AREAS: dict[str, Wording] = {
    "introspection": Wording("", "", _OWN),
    "introspection-limit": Wording("", "", _LATER),
    "token-revocation": Wording("", "", "Revoke tokens of this client's own."),
}
