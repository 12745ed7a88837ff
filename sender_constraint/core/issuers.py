"""The identifier of an authorization server, and where its metadata is.

RFC 8414, OAuth 2.0 Authorization Server Metadata, §2, §3 and §5 (https://www.rfc-editor.org/rfc/rfc8414);
OpenID Connect Discovery 1.0 §4 (https://openid.net/specs/openid-connect-discovery-1_0.html).
"""

from urllib.parse import urlsplit, urlunsplit

WELL_KNOWN = "/.well-known/oauth-authorization-server"
WELL_KNOWN_OPENID = "/.well-known/openid-configuration"


def metadata_url(issuer: str) -> str:
    """Where an issuer's metadata is: the well-known path goes between its host and its path (§3.1).

    Raises ValueError if the issuer is not an HTTPS URL without query and fragment (§2).
    """
    parts = urlsplit(issuer)
    _ = parts.port  # raises ValueError if it is no number
    if parts.scheme != "https" or not parts.hostname or "?" in issuer or "#" in issuer:
        raise ValueError(f"the issuer {issuer!r} is not an HTTPS URL without query and fragment")
    return urlunsplit(("https", parts.netloc, WELL_KNOWN + parts.path.rstrip("/"), "", ""))


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Where an issuer's metadata may be, in the order in which to ask: RFC 8414's place, then OpenID's.

    OpenID Connect Discovery 1.0 §4.1 puts the well-known path behind that of the issuer, and RFC 8414 §5
    leaves it there. Raises ValueError as ``metadata_url``.
    """
    return (metadata_url(issuer), issuer.rstrip("/") + WELL_KNOWN_OPENID)
