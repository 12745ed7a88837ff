"""A certificate that was revoked, and one that nobody recorded: RFC 5280 §6.1.3, RFC 6960 §2.2.

https://www.rfc-editor.org/rfc/rfc5280 https://www.rfc-editor.org/rfc/rfc6960
The holder of the revoked one still has its key, and with an insider's help even a token bound to it.
"""

from sender_constraint.certificates.csr import new_private_key
from workshop import requests
from workshop.calls import Call
from workshop.catalogue.api_presentation import accounts_call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.catalogue.enrolment import asking, enrolment_call
from workshop.catalogue.renewal import renewal_call
from workshop.catalogue.token_requests import token_request
from workshop.loot import Loot

AT_THE_API = Family("revoked-at-api", "A revoked certificate at the API", accounts_call)
AT_THE_TOKEN_ENDPOINT = Family(
    "revoked-at-token-endpoint",
    "A revoked certificate at the token endpoint",
    lambda cast: token_request(cast, cast.partner),
)
RENEWING = Family("revoked-renewing", "A revoked certificate renews itself", renewal_call)
ENROLLING = Family("revoked-enrolling", "The key of a revoked certificate enrols", enrolment_call)

REVOKED, UNKNOWN = "certificate.revoked", "certificate.status-unknown"


def revoked_at_the_api(call: Call, loot: Loot) -> Call:
    """Show it with a token that is bound to it."""
    former = loot.former()
    return call.but(token=loot.authorities.token(former.der), credentials=former.credentials)


def revoked_with_stolen_token(call: Call, loot: Loot) -> Call:
    """Show it with the partner's token."""
    return call.but(credentials=loot.former().credentials)


def unknown_at_the_api(call: Call, loot: Loot) -> Call:
    """Show a certificate that the authority's key signed and that stands in no register."""
    unknown = loot.authorities.certificate()
    return call.but(token=loot.authorities.token(unknown.der), credentials=loot.credentials(unknown))


def revoked_at_the_token_endpoint(call: Call, loot: Loot) -> Call:
    """Ask for a token with it."""
    return call.but(credentials=loot.former().credentials)


def unknown_at_the_token_endpoint(call: Call, loot: Loot) -> Call:
    """Ask for a token in the partner's name, with a certificate that stands in no register."""
    return call.but(credentials=loot.credentials(loot.authorities.certificate()))


def renewing(call: Call, loot: Loot) -> Call:
    """Ask for its successor, with a new key."""
    former = loot.former()
    request = requests.request(new_private_key(), former.enrolment.names)
    return asking(call.but(credentials=former.credentials), request)


def enrolling_again(call: Call, loot: Loot) -> Call:
    """Enrol again with the secret and the key with which it began."""
    own = loot.former().enrolment
    again = asking(call, requests.request(own.key, own.names))
    return again.with_basic(own.participant, own.secret)


def _attack(family: Family, identifier: str, title: str, change: Change, expected: Expected) -> Attack:
    return Attack(family, identifier, title, change, expected, insider=True)


ATTACKS: tuple[Attack, ...] = (
    _attack(
        AT_THE_API,
        "revoked-certificate",
        "a revoked certificate, and a token bound to it",
        revoked_at_the_api,
        Expected(401, "invalid_token", REVOKED),
    ),
    _attack(
        AT_THE_API,
        "revoked-certificate-stolen-token",
        "a revoked certificate, and the partner's token",
        revoked_with_stolen_token,
        Expected(401, "invalid_token", REVOKED),
    ),
    _attack(
        AT_THE_API,
        "unrecorded-certificate",
        "a certificate that the authority's key signed and nobody recorded, and a token bound to it",
        unknown_at_the_api,
        Expected(401, "invalid_token", UNKNOWN),
    ),
    _attack(
        AT_THE_TOKEN_ENDPOINT,
        "token-revoked-certificate",
        "a token with a revoked certificate",
        revoked_at_the_token_endpoint,
        Expected(401, "invalid_client", REVOKED),
    ),
    _attack(
        AT_THE_TOKEN_ENDPOINT,
        "token-unrecorded-certificate",
        "a token with a certificate that nobody recorded",
        unknown_at_the_token_endpoint,
        Expected(401, "invalid_client", UNKNOWN),
    ),
    _attack(
        RENEWING,
        "renew-revoked",
        "the successor of a revoked certificate",
        renewing,
        Expected(403, None, "renewal.revoked"),
    ),
    _attack(
        ENROLLING,
        "enrol-revoked",
        "the same secret and key once more",
        enrolling_again,
        Expected(403, None, "renewal.revoked"),
    ),
)
