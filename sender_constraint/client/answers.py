"""What a server answered, read as JSON or described for the person who has to find out what went wrong.

RFC 8259 (https://www.rfc-editor.org/rfc/rfc8259); the media types are ``application/json`` and those that end
in ``+json`` (RFC 6839 §3.1, https://www.rfc-editor.org/rfc/rfc6839). Redirects are not followed: a token or
an assertion goes to the address in the settings or the metadata, and to no other.
"""

from typing import Any

import httpx

from sender_constraint.core.correlation import CORRELATION_HEADER

_LONGEST_QUOTATION = 120


class NotJSON(ValueError):
    """The answer is not the JSON that was asked for; the text says what it is instead."""


def json_of(response: httpx.Response) -> Any:
    """The JSON in an answer, of whatever status. Raises NotJSON."""
    if response.is_redirect:
        location = _quoted(response.headers["location"])
        raise NotJSON(f"it redirects to {location}, and redirects are not followed")
    if not response.content:
        raise NotJSON("its body is empty")
    if not _is_json(response):
        raise NotJSON(f"its content type is {_content_type(response)}, not application/json")
    try:
        return response.json()
    except ValueError as error:  # UnicodeDecodeError among it
        raise NotJSON(f"its body is not JSON ({error})") from error


def json_object_of(response: httpx.Response) -> dict[str, Any]:
    """The members of a JSON object. Raises NotJSON."""
    document = json_of(response)
    if not isinstance(document, dict):
        raise NotJSON("its body is JSON, but not an object")
    return document


def described(response: httpx.Response) -> str:
    """Which request was answered with what: ``GET https://… answered 200 (text/html) [correlation id …]``."""
    request = response.request
    kind = f" ({_content_type(response)})" if response.content else ""
    return (
        f"{request.method} {request.url} answered {response.status_code}{kind} "
        f"[correlation id {correlation_id_of(response)}]"
    )


def correlation_id_of(response: httpx.Response) -> str:
    """By which the server's operator finds the call: as the answer has it, or else as it was sent."""
    sent = response.request.headers.get(CORRELATION_HEADER, "none")
    return str(response.headers.get(CORRELATION_HEADER, sent))


def _is_json(response: httpx.Response) -> bool:
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return str(media_type) == "application/json" or str(media_type).endswith("+json")


def _content_type(response: httpx.Response) -> str:
    return _quoted(response.headers.get("content-type", "")) if "content-type" in response.headers else "none"


def _quoted(text: str) -> str:
    """A header of a server that may say anything, on one line and not for ever."""
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown if len(shown) <= _LONGEST_QUOTATION else f"{shown[:_LONGEST_QUOTATION]}…"
