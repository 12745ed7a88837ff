"""The status of certificates in a Django service: callers' certificates, and those of the servers it calls.

By OCSP_URL, ISSUER_STATUS, REVOCATION_SECONDS and STATUS_GRACE_SECONDS of the setting ``SENDER_CONSTRAINT``.
Where ``OCSP_URL`` is ``none``, no responder is asked about authorities that ``ISSUER_STATUS`` does not name.
"""

from contextlib import suppress
from functools import cache

from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.issuer_status import NONE, AssumeGood, StatusByIssuer, responders_of
from sender_constraint.certificates.ocsp_cache import OCSPCache
from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import NotRecorded
from sender_constraint.core.revocation import StatusSource
from sender_constraint.django.conf import library_settings
from sender_constraint.django.events import reporter


@cache
def certificate_status() -> StatusSource:
    """That of this process, made when first needed: never shared with the process that it forked from."""
    configured = library_settings()
    other = AssumeGood() if configured.ocsp_url == NONE else _book(configured.ocsp_url)
    responders = responders_of(configured.issuer_status)
    return StatusByIssuer(other, responders, _book) if responders else other


def server_status() -> ServerStatus:
    """The same for the certificates of servers; a server that is refused is reported."""
    return ServerStatus(certificate_status(), _record)


def _record(server: str, refusal: Refusal) -> None:
    # The server is refused whether or not the event can be recorded.
    with suppress(NotRecorded):
        reporter().refused("server.certificate", refusal, server=server)


def _book(url: str) -> OCSPCache:
    configured = library_settings()
    return OCSPCache(url, configured.revocation_seconds, configured.status_grace_seconds, alarms=reporter())
