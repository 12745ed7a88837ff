"""By rule, or by area of rules: expected and presented in words, and the next step.

Whoever adds a rule outside these areas adds its line here; a test goes through the whole registry.
"""

from collections.abc import Mapping

from sender_constraint.explanations.wordings import (
    api,
    certificates,
    client_authentication,
    dpop,
    enrolment,
    registration,
    statements,
    status,
    token_status,
    tokens,
    transport,
)
from sender_constraint.explanations.wordings.wording import Wording

_PAGES = (
    api,
    certificates,
    client_authentication,
    dpop,
    enrolment,
    registration,
    statements,
    status,
    token_status,
    tokens,
    transport,
)
WORDINGS: Mapping[str, Wording] = {rule: wording for page in _PAGES for rule, wording in page.RULES.items()}
AREAS: Mapping[str, Wording] = {area: wording for page in _PAGES for area, wording in page.AREAS.items()}


def wording_of(rule: str) -> Wording | None:
    """The words for a rule; those of its area, the part before the dot, where it has none of its own."""
    return WORDINGS.get(rule) or AREAS.get(rule.partition(".")[0])
