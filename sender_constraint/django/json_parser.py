"""The one parser of request bodies: JSON that has one reading only, and not too much of it.

Where RFC 8259 lets parsers differ, two readers of one payment could see two payments: strict_json says
what is refused.

https://www.rfc-editor.org/rfc/rfc8259
"""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from sender_constraint.core.guidance import SEE_OPENAPI
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.problems import BadRequest, ContentTooLarge
from sender_constraint.jose.strict_json import parse_object

MAXIMUM_BYTES = 64 * 1024

BODY_SIZE = rule("request.body-size", "RFC 9110 §15.5.14", "The body is longer than 64 KiB.").explained(
    "at most {expected} bytes", "{presented} bytes", "Send a shorter body."
)
BODY_MALFORMED = rule(
    "request.body-malformed", "RFC 8259 §2", "The body is not a JSON object with unique members."
).explained("one JSON object without duplicate members", "something else: {reason}", SEE_OPENAPI)


class StrictJSONParser(BaseParser):
    """Parses a body of ``application/json`` that is an object. Raises ContentTooLarge or BadRequest.

    And the framework's UnsupportedMediaType for a range of types.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The members of the object in the body; ``stream`` is read only if it announces to be short."""
        # To the framework a range matches: application/* is for Accept, and no body is of that type.
        if "*" in (media_type or ""):
            raise UnsupportedMediaType(media_type or "")
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
        check_size(int(length))
        return parsed_object(stream.read(MAXIMUM_BYTES))


@enforces(BODY_SIZE)
def check_size(announced: int) -> None:
    """RFC 9110 §15.5.14: refused by what Content-Length announces, before a byte is read."""
    if announced > MAXIMUM_BYTES:
        raise ContentTooLarge(
            BODY_SIZE, "The body is longer than 64 KiB", expected=MAXIMUM_BYTES, presented=announced
        )


@enforces(BODY_MALFORMED)
def parsed_object(body: bytes) -> dict[str, Any]:
    """RFC 8259 §4: an object, each name once."""
    try:
        return parse_object(body)
    except ValueError as error:
        raise BadRequest(BODY_MALFORMED, "The body is not a JSON object", reason=str(error)) from error
