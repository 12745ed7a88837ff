"""The syntax of values that clients register and send: scope and resource.

RFC 6749 §3.3, https://www.rfc-editor.org/rfc/rfc6749; RFC 3986 §4.3, https://www.rfc-editor.org/rfc/rfc3986.
"""

import re

_SCOPE_VALUE = r"[\x21\x23-\x5b\x5d-\x7e]+"
_SCOPE = re.compile(rf"{_SCOPE_VALUE}( {_SCOPE_VALUE})*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
# RFC 3986 §2: unreserved, reserved and percent-encoded characters; the number sign aside.
_REST = re.compile(r"(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


def is_scope(text: str) -> bool:
    """Whether a text is one or more scope values with single spaces between (RFC 6749 §3.3)."""
    return _SCOPE.fullmatch(text) is not None


def is_absolute_uri(text: str) -> bool:
    """Whether a text is a URI with a scheme, something after it, and no fragment (RFC 3986 §4.3)."""
    scheme, colon, rest = text.partition(":")
    return bool(colon and _SCHEME.fullmatch(scheme) and _REST.fullmatch(rest))
