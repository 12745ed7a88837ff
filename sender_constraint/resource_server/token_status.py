"""Whether the issuer still stands by a token, by the status list that the token refers to.

draft-ietf-oauth-status-list-21 §6 and §8.3
(https://datatracker.ietf.org/doc/html/draft-ietf-oauth-status-list-21). A token that refers to no list lives
until it expires: that is its issuer's choice. Where a list comes from is the business of ``status_list``.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from sender_constraint.core.errors import InvalidToken, TemporarilyUnavailable
from sender_constraint.core.guidance import ISSUER_ERROR, REQUEST_NEW_ONE, RETRY_LATER
from sender_constraint.core.rules import enforces, rule
from sender_constraint.jose.status_lists import VALID, StatusReference, reference_of

REFERENCE = rule(
    "token.status-claim",
    "draft-ietf-oauth-status-list-21 §6.1",
    "The status claim is malformed, or names no status list.",
).explained("no status claim, or one with a status_list", "an unusable one: {problem}", ISSUER_ERROR)
PLACE = rule(
    "token.status-index",
    "draft-ietf-oauth-status-list-21 §8.3",
    "The token's index is beyond the end of the status list.",
).explained(
    "an index within the list that the token names", "index {presented}, beyond its end", ISSUER_ERROR
)
STALE = rule(
    "token.status-stale",
    "draft-ietf-oauth-status-list-21 §8.3",
    "The token's status list is unavailable, unverified or too old.",
).explained(
    "the status list at {uri}, verified and at most {promise_seconds} seconds old",
    "one of {age_seconds} seconds, or none: {problem}",
    RETRY_LATER,
)
REVOKED = rule(
    "token.revoked", "draft-ietf-oauth-status-list-21 §7.1", "The token has been revoked."
).explained(
    "a token that has not been revoked",
    "a token with the status {token_status} at index {index} of {uri}",
    f"{REQUEST_NEW_ONE} If you did not revoke this one, ask the bank who did.",
)


class TokenStatuses(Protocol):
    """Knows, or finds out, the statuses of tokens: ``status_list.StatusLists``."""

    def status_of(self, reference: StatusReference) -> int | None:
        """The status, as young as promised; None where it cannot be had. Raises IndexError."""

    def failure_reason(self, reference: StatusReference) -> Mapping[str, Any]:
        """For the audit trail, when there was no status."""


def check_token_status(claims: Mapping[str, Any], statuses: TokenStatuses) -> None:
    """A token is good as long as its issuer says so. claims: of a verified token that is in force.

    Raises InvalidToken, or TemporarilyUnavailable where nothing young enough can be said.
    """
    reference = read_reference(claims)
    if reference is None:
        return
    status = looked_up(reference, statuses)
    check_fresh(reference, status, statuses)
    check_not_revoked(reference, status)


@enforces(REFERENCE)
def read_reference(claims: Mapping[str, Any]) -> StatusReference | None:
    """§6.2: where the status stands; None for a token without the claim. Raises InvalidToken."""
    try:
        return reference_of(claims)
    except ValueError as problem:
        raise InvalidToken(
            REFERENCE, "The access token's status claim is malformed", problem=str(problem)
        ) from None


@enforces(PLACE)
def looked_up(reference: StatusReference, statuses: TokenStatuses) -> int | None:
    """The status; None where it cannot be had. Raises InvalidToken for a place beyond the list's end."""
    try:
        return statuses.status_of(reference)
    except IndexError as problem:
        raise InvalidToken(
            PLACE,
            "The access token's status index is out of range",
            problem=str(problem),
            presented=reference.index,
        ) from None


@enforces(STALE)
def check_fresh(reference: StatusReference, status: int | None, statuses: TokenStatuses) -> None:
    """§8.3: without a list that is valid and young enough nothing is known, good or bad."""
    if status is None:
        raise TemporarilyUnavailable(
            STALE,
            "Temporarily unavailable: the access token's status is unknown",
            **statuses.failure_reason(reference),
        )


@enforces(REVOKED)
def check_not_revoked(reference: StatusReference, status: int | None) -> None:
    """§7.1: revoked or suspended, or of a status that nobody here knows: only VALID is good."""
    if status not in (None, VALID):
        raise InvalidToken(
            REVOKED,
            "The access token has been revoked",
            token_status=status,
            uri=reference.uri,
            index=reference.index,
        )
