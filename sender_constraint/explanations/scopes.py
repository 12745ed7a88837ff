"""Words of a scope: which are missing, and which are too many. RFC 6749 §3.3."""

from sender_constraint.explanations.comparisons import Comparison, Event, detail_of, texts_in
from sender_constraint.explanations.shown import shown


def compare_token_scope(event: Event) -> Comparison | None:
    """``token.scope``: what the resource needs beside what the token has."""
    detail = detail_of(event)
    needed, has = detail.get("expected"), texts_in(detail.get("presented"))
    if not isinstance(needed, str):
        return None
    return Comparison(
        f"a token with the scope {shown(needed)}",
        f"a token with the scope {shown(has)}",
        (f"The token lacks {shown(needed)}.",),
        f"Ask for a token with scope={shown(needed)}; if that is refused, the bank has to register it first.",
    )


def compare_asked_scope(event: Event) -> Comparison | None:
    """``scope.allowed``: what was asked for beside what the client is registered for."""
    detail = detail_of(event)
    registered, asked = detail.get("expected"), detail.get("presented")
    if not isinstance(registered, str) or not isinstance(asked, str):
        return None
    surplus = [each for each in asked.split(" ") if each not in registered.split(" ")]
    return Comparison(
        f"some of the scope that the client is registered for: {shown(registered)}",
        f"the scope {shown(asked)}",
        (f"Not registered for this client, or unknown: {shown(surplus)}.",),
        "Leave it out, or have the bank register it for this client.",
    )
