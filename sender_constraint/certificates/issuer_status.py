"""Where each authority tells the status of its certificates, if there are several of them.

Configured out of band, as anchors are (RFC 5280 §6.1.1 (d)): never read from a certificate. An authority may
have no responder at all: then what it issued counts until it expires, which is for the one who trusts it to
decide, and is said at start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from sender_constraint.core.names import DistinguishedName, distinguished_name, parse_distinguished_name
from sender_constraint.core.revocation import CertificateStatus, State, StatusSource

# In the place of a responder's URL.
NONE = "none"


def responders_of(text: str) -> dict[DistinguishedName, str]:
    """The responders in a setting, by the name of the authority that they answer for.

    text: ``http://ocsp.other.example CN=Other CA,O=Other Ltd; none CN=Laboratory CA``: a URL or ``none``, and
    the authority's name (RFC 4514). Raises ValueError.
    """
    responders: dict[DistinguishedName, str] = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        url, _, name = entry.partition(" ")
        if url != NONE and not is_responder_url(url):
            raise ValueError(f"{url!r} is neither an http URL nor {NONE!r}")
        authority = parse_distinguished_name(name.strip())
        if authority in responders:
            raise ValueError(f"{name.strip()!r} has two responders")
        responders[authority] = url
    return responders


def is_responder_url(text: str) -> bool:
    """RFC 6960 appendix A: an HTTP URL. Not https: its certificate's status would have to be asked there."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


@dataclass(frozen=True, slots=True)
class UnaskedStatus:
    """Of authorities that tell nobody what they revoked: everything that they issued is good."""

    def status_of(self, certificate: x509.Certificate, issuer: x509.Certificate) -> CertificateStatus | None:
        """Good, as of now."""
        del certificate, issuer
        return CertificateStatus(State.GOOD, None, None, 0.0)

    def why_none(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Mapping[str, Any]:
        """There always is a status."""
        del certificate, issuer
        return {"promise_seconds": None, "age_seconds": None}


class StatusByIssuer:
    """Asks the responder that answers for the issuer of a certificate.

    other: for issuers that ``responders`` does not name. source: the source behind a responder's URL; made
    once for each.
    """

    def __init__(
        self,
        other: StatusSource,
        responders: Mapping[DistinguishedName, str],
        source: Callable[[str], StatusSource],
    ) -> None:
        made = {url: UnaskedStatus() if url == NONE else source(url) for url in set(responders.values())}
        self._other = other
        self._sources = {name: made[url] for name, url in responders.items()}

    def status_of(self, certificate: x509.Certificate, issuer: x509.Certificate) -> CertificateStatus | None:
        """What the issuer's responder says; None where that cannot be had."""
        return self._of(issuer).status_of(certificate, issuer)

    def why_none(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Mapping[str, Any]:
        """Why there was none, by the responder that was asked."""
        return self._of(issuer).why_none(certificate, issuer)

    def _of(self, issuer: x509.Certificate) -> StatusSource:
        return self._sources.get(distinguished_name(issuer.subject), self._other)
