import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.jose.strict_json import parse_object


def test_an_object_is_parsed() -> None:
    text = '{"a": [1, 2.5, "[{\\"", null], "b": {"c": true}, "é": "\\ud83d\\ude00"}'
    assert parse_object(text.encode()) == {"a": [1, 2.5, '[{"', None], "b": {"c": True}, "é": "😀"}


@pytest.mark.clause("RFC 8259 §4")
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"{}"',
        b"1",
        b"{",
        b"{}}",
        b"{} x",
        b"{'a': 1}",
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"a": ' + b"[" * 9 + b"]" * 9 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":"' + b'\\"' * 1_000_000,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_anything_that_could_be_read_in_two_ways_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # that it is one is the contract; the text is for people
        parse_object(text)


def test_nesting_counts_to_the_callers_limit() -> None:
    assert parse_object(b'{"a": [[1]]}', maximum_depth=3) == {"a": [[1]]}
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_object(b'{"a": [[1]]}', maximum_depth=2)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\ue1-N').map(lambda text: text.encode()))
def test_parsing_raises_nothing_but_value_error(octets: bytes) -> None:
    try:
        parsed = parse_object(octets)
    except ValueError:
        return
    assert parse_object(json.dumps(parsed).encode()) == parsed
