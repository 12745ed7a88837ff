"""The address of a request as a DPoP proof names it.

RFC 9449 §4.3 (https://www.rfc-editor.org/rfc/rfc9449): without query and fragment, after the normalization
of syntax and scheme in RFC 3986 §6.2.2 and §6.2.3 (https://www.rfc-editor.org/rfc/rfc3986).
"""

import re
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normalized(url: str) -> str:
    """A URL without query and fragment, in the one spelling that all equivalent ones share.

    Raises ValueError unless it is an absolute http or https URL of RFC 3986 §2, without user information.
    """
    if _CHARACTERS.fullmatch(url) is None:
        raise ValueError("a URL has no such characters")
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not an absolute http or https URL with nothing but host and port before its path")
    port = parts.port  # raises ValueError if it is no number
    host = _percent_normalized(parts.hostname).lower()
    host = f"[{host}]" if ":" in host else host
    authority = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    return f"{scheme}://{authority}{_without_dots(_percent_normalized(parts.path))}"


def _percent_normalized(text: str) -> str:
    """RFC 3986 §6.2.2.1, §6.2.2.2: hexadecimal digits in capitals, unreserved characters as themselves."""

    def normal(match: re.Match[str]) -> str:
        if match[1] is None:
            raise ValueError("a percent sign without two hexadecimal digits")
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    return _ENCODED.sub(normal, text)


def _without_dots(path: str) -> str:
    """RFC 3986 §6.2.2.3, §5.2.4, for the path of an authority; §6.2.3: an empty one is ``/``."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
