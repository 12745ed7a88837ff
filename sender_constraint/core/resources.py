"""The identifier of a protected resource, and where its metadata is.

RFC 9728, OAuth 2.0 Protected Resource Metadata, §1.2 and §3.1 (https://www.rfc-editor.org/rfc/rfc9728).
"""

from urllib.parse import urlsplit, urlunsplit

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def is_https(url: str) -> bool:
    """Whether a text is an absolute https URL with a host, and with no port that is not a number."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL; the text itself where it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def resource_metadata_url(resource: str) -> str:
    """Where a resource's metadata is: the well-known path goes between its host and its path or query (§3.1).

    A slash that follows the host and ends the path is left out first; a slash at the end of a longer path
    belongs to the identifier. Raises ValueError if the resource is not an HTTPS URL without fragment (§1.2).
    """
    parts = urlsplit(resource)
    _ = parts.port  # raises ValueError if it is no number
    if parts.scheme != "https" or not parts.hostname or "#" in resource:
        raise ValueError(f"the resource {resource!r} is not an HTTPS URL without fragment")
    path = "" if parts.path == "/" else parts.path
    return urlunsplit(("https", parts.netloc, WELL_KNOWN + path, parts.query, ""))
