"""Clients that register themselves, and change what they registered."""

from sender_constraint.explanations.wordings.wording import Wording

_INITIAL = "Ask the bank's operator for a new initial access token: each is good for one registration."
_OWN = "Present the registration access token that came with the registration, and the client's certificate."

RULES = {
    "registration-endpoint.token-missing": Wording(
        "Authorization: Bearer, and a token", "no such header", _INITIAL
    ),
    "registration-endpoint.initial-token": Wording(
        "an initial access token of this server, in force", "another one", _INITIAL
    ),
    "registration-endpoint.initial-token-used": Wording(
        "an initial access token that was not used", "the used one {identifier}", _INITIAL
    ),
    "registration-endpoint.registration-token": Wording(
        "the registration access token of this client", "another one", _OWN
    ),
    "registration-endpoint.certificate": Wording(
        "a connection whose certificate authenticates this client", "one that fails {because}", _OWN
    ),
    "registration-endpoint.media-type": Wording(
        "application/json", "{presented}", "Send the metadata as JSON."
    ),
    "registration-endpoint.operators-members": Wording(
        "metadata that a client may say of itself", "{members}", "Leave it out, or ask the bank's operator."
    ),
    "registration-endpoint.software-limit": Wording(
        "fewer than {expected} registered clients of the software {software_id}",
        "one more",
        "Use a client that is registered, or delete one (RFC 7592 §2.3). The bank's operator sets "
        "REGISTRATIONS_PER_SOFTWARE_ID.",
    ),
    "registration-endpoint.hourly-limit": Wording(
        "fewer registrations within an hour than the {expected} that are allowed, or this software's share",
        "one more",
        "Try again after {retry_after_seconds} seconds. The bank's operator sets REGISTRATIONS_PER_HOUR.",
    ),
    "registration-endpoint.answered-members": Wording(
        "metadata alone", "also {members}", "Leave out what only the server's answers have (RFC 7592 §2.2)."
    ),
    "registration-endpoint.same-client": Wording(
        "client_id, as in the address", "another one, or none", "Send the client_id that was issued."
    ),
    "registration-endpoint.same-method": Wording(
        "token_endpoint_auth_method {expected}", "{presented}", "Register another client for another method."
    ),
}

AREAS: dict[str, Wording] = {}
