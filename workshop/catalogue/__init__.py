"""The attack catalogue: what an attacker changes in a valid call, and what must come of it.

One catalogue serves the demo, the tests and whatever else plays attacks. What is expected stands here
and nowhere else; the code that plays an attack does not know it. Each module holds the attacks of one or two
families; a family is what differs from the same valid call.
"""

from workshop.catalogue import (
    api_certificates,
    api_presentation,
    api_signed_tokens,
    api_tokens,
    client_metadata,
    client_registration,
    dpop_api,
    dumps,
    enrolment,
    middle,
    partners,
    renewal,
    revocation,
    software_statements,
    token_assertions,
    token_certificates,
    token_clients,
    token_dpop,
    token_introspection,
    token_nonces,
    token_requests,
    token_revocation,
    token_self_signed,
    token_status,
)
from workshop.catalogue.attack import Attack, Expected, Family

__all__ = ["ATTACKS", "FAMILIES", "TOLD", "Attack", "Expected", "Family"]

ATTACKS: tuple[Attack, ...] = (
    *api_presentation.ATTACKS,
    *api_certificates.ATTACKS,
    *api_tokens.ATTACKS,
    *api_signed_tokens.ATTACKS,
    *dpop_api.ATTACKS,
    *token_requests.ATTACKS,
    *token_certificates.ATTACKS,
    *token_clients.ATTACKS,
    *token_assertions.ATTACKS,
    *token_dpop.ATTACKS,
    *token_nonces.ATTACKS,
    *token_self_signed.ATTACKS,
    *client_registration.ATTACKS,
    *client_metadata.ATTACKS,
    *software_statements.ATTACKS,
    *enrolment.ATTACKS,
    *renewal.ATTACKS,
    *partners.ATTACKS,
    *middle.ATTACKS,
    *dumps.ATTACKS,
    *revocation.ATTACKS,
    *token_status.ATTACKS,
    *token_introspection.ATTACKS,
    *token_revocation.ATTACKS,
)

FAMILIES: tuple[Family, ...] = tuple(dict.fromkeys(attack.family for attack in ATTACKS))

# Those that act 4 of the story tells, in its order.
TOLD: tuple[Attack, ...] = tuple(
    sorted((attack for attack in ATTACKS if attack.label), key=lambda each: each.label)
)
