"""The identifier of an authorization server, and where its metadata is.

RFC 8414, OAuth 2.0 Authorization Server Metadata, §2 and §3 (https://www.rfc-editor.org/rfc/rfc8414).
"""

from urllib.parse import urlsplit, urlunsplit

WELL_KNOWN = "/.well-known/oauth-authorization-server"


def metadata_url(issuer: str) -> str:
    """Where an issuer's metadata is: the well-known path goes between its host and its path (§3.1).

    Raises ValueError if the issuer is not an HTTPS URL without query and fragment (§2).
    """
    parts = urlsplit(issuer)
    _ = parts.port  # raises ValueError if it is no number
    if parts.scheme != "https" or not parts.hostname or "?" in issuer or "#" in issuer:
        raise ValueError(f"the issuer {issuer!r} is not an HTTPS URL without query and fragment")
    return urlunsplit(("https", parts.netloc, WELL_KNOWN + parts.path.rstrip("/"), "", ""))
