"""What is changed in a valid request: one part of it, in a way that Hypothesis draws."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from tests.fuzz import nasty_bodies, nasty_heads
from tests.fuzz.message import Draft

Draw = Callable[[st.SearchStrategy[Any]], Any]
Change = Callable[[Draft, Draw], Draft]

QUERY_NAMES = (b"before", b"limit", b"date_from", b"date_to", b"access_token", b"format", b"", b"x")
FORM_NAMES = (b"grant_type", b"client_id", b"scope", b"resource", b"client_secret", b"client_assertion", b"x")

texts = st.one_of(st.sampled_from(nasty_heads.TEXTS), st.binary(max_size=24))
json_values = st.recursive(
    st.one_of(st.sampled_from(nasty_bodies.JSON_VALUES), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def method(draft: Draft, draw: Draw) -> Draft:
    return draft.but(method=draw(st.sampled_from(nasty_heads.METHODS)))


def path(draft: Draft, draw: Draw) -> Draft:
    if draw(st.booleans()):
        return draft.but(path=draw(st.sampled_from(nasty_heads.PATHS)))
    segments = draft.path.split(b"/")
    place = draw(st.integers(1, len(segments) - 1)) if len(segments) > 1 else 0
    segments[place] = _written(draw)
    return draft.but(path=b"/".join(segments))


def query(draft: Draft, draw: Draw) -> Draft:
    pairs = draw(st.lists(st.sampled_from(QUERY_NAMES), min_size=1, max_size=3))
    return draft.but(query=b"&".join(name + b"=" + _written(draw) for name in pairs))


def header(draft: Draft, draw: Draw) -> Draft:
    """One that is known to trouble; in place of the request's own, or beside it."""
    name, value = draw(st.sampled_from(nasty_heads.HEADERS))
    kept = draft.headers
    if draw(st.booleans()):
        kept = tuple(each for each in kept if each[0].lower() != name.lower())
    return draft.but(headers=(*kept, (name, value)))


def value_of_header(draft: Draft, draw: Draw) -> Draft:
    if not draft.headers:
        return draft
    place = draw(st.integers(0, len(draft.headers) - 1))
    headers = list(draft.headers)
    headers[place] = (headers[place][0], draw(texts))
    return draft.but(headers=tuple(headers))


def lost_header(draft: Draft, draw: Draw) -> Draft:
    if not draft.headers:
        return draft
    place = draw(st.integers(0, len(draft.headers) - 1))
    return draft.but(headers=draft.headers[:place] + draft.headers[place + 1 :])


def token(draft: Draft, draw: Draw) -> Draft:
    """A bearer token with another part, or with octets changed."""
    authorization = dict(draft.headers).get(b"Authorization", b"")
    scheme, _, presented = authorization.partition(b" ")
    if scheme != b"Bearer":
        return draft
    parts = presented.split(b".")
    place = draw(st.integers(0, len(parts) - 1))
    if draw(st.booleans()):
        content = json.dumps(draw(json_values)).encode()
        parts[place] = base64.urlsafe_b64encode(content).rstrip(b"=")
    else:
        parts[place] = scrambled(parts[place], draw)
    changed = (b"Authorization", b"Bearer " + b".".join(parts))
    return draft.but(headers=(*(each for each in draft.headers if each[0] != b"Authorization"), changed))


def body(draft: Draft, draw: Draw) -> Draft:
    return draft.but(body=draw(st.one_of(st.sampled_from(nasty_bodies.BODIES), st.binary(max_size=200))))


def member(draft: Draft, draw: Draw) -> Draft:
    """A member of a JSON body, or of an object in it: another value, another name, or none."""
    try:
        document = json.loads(draft.body)
    except (ValueError, RecursionError):  # an earlier change made it what it is
        return draft
    if not isinstance(document, dict):
        return draft
    place = document
    inner = [each for each in document.values() if isinstance(each, dict)]
    if inner and draw(st.booleans()):
        place = inner[0]
    name = draw(st.sampled_from([*place, "x", "\x00"]))
    if draw(st.integers(0, 3)):
        place[name] = draw(json_values)
    else:
        place.pop(name, None)
    return draft.but(body=json.dumps(document).encode())


def form(draft: Draft, draw: Draw) -> Draft:
    """A parameter of a form: another value, once more, or none."""
    pairs = draft.body.split(b"&")
    name = draw(st.sampled_from(FORM_NAMES))
    others = [pair for pair in pairs if not pair.startswith(name + b"=")]
    kept = draw(st.sampled_from([others, pairs]))
    added = [name + b"=" + _written(draw)] * draw(st.integers(0, 2))
    return draft.but(body=b"&".join([*kept, *added]))


def octets(draft: Draft, draw: Draw) -> Draft:
    """Octets of a body; of what is within, where it is base64."""
    try:
        within = base64.b64decode(draft.body, validate=True)
    except ValueError:
        return draft.but(body=scrambled(draft.body, draw))
    return draft.but(body=base64.b64encode(scrambled(within, draw)))


def scrambled(text: bytes, draw: Draw) -> bytes:
    """The same with a few octets changed, gone, repeated or new."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 8)))
        new = draw(st.one_of(st.binary(max_size=8), st.just(text[start:end] * 2)))
        text = text[:start] + new + text[end:]
    return text


def _written(draw: Draw) -> bytes:
    """A text as a client writes it into an address or a form, or as it never should."""
    text: bytes = draw(texts)
    return quote_from_bytes(text, safe="").encode() if draw(st.booleans()) else text


# What reaches deep stands twice: it is drawn more often.
CHANGES: tuple[Change, ...] = (
    *(method, path, query, value_of_header, lost_header, body, octets),
    *(header, token, member, form) * 2,
)
