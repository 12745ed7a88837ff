"""Hypothesis's requests: valid ones, changed in up to three ways, in their framing, or in their octets."""

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.fuzz import nasty_bodies
from tests.fuzz.changes import CHANGES, Draw, scrambled
from tests.fuzz.message import Draft, Message

# Of twenty requests: so many from the corpus as they are, with another framing, with other octets.
_CORPUS, _FRAMED, _SCRAMBLED = range(1), range(1, 3), range(3, 5)


@st.composite
def messages(draw: Draw, templates: Sequence[Draft]) -> Message:
    """Requests to one port. templates: what is valid there."""
    kind = draw(st.integers(0, 19))
    if kind in _CORPUS:
        return Message(draw(st.sampled_from(nasty_bodies.RAW)), whole=False)
    draft: Draft = draw(st.sampled_from(templates))
    for _ in range(draw(st.integers(0, 3))):
        draft = draw(st.sampled_from(CHANGES))(draft, draw)
    if kind in _FRAMED:
        framing = draw(st.sampled_from(nasty_bodies.FRAMINGS))
        return Message(draft.but(headers=(*draft.headers, *framing)).octets(), whole=False)
    if kind in _SCRAMBLED:
        return Message(scrambled(draft.octets(), draw), whole=False)
    return Message(draft.octets(), whole=is_whole(draft))


def is_whole(draft: Draft) -> bool:
    """Whether nothing in the head can end a line before its time, and so shift where the body begins."""
    pieces = [draft.method, draft.path, draft.query, *(piece for each in draft.headers for piece in each)]
    return not any(control in piece for piece in pieces for control in (b"\r", b"\n"))
