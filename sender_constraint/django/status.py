"""The statuses of certificates in a Django service.

OCSP_URL                where the authority's responder is; plain HTTP, since its responses are signed
REVOCATION_SECONDS      the promise: at most so long after a revocation everyone refuses
STATUS_GRACE_SECONDS    for so much longer a status counts while the responder is away; 0 for no grace
ISSUER_STATUS           responders of other authorities: ``http://ocsp.example CN=Other CA; none CN=...``

Where ``OCSP_URL`` is ``none``, nobody is asked about authorities that ``ISSUER_STATUS`` does not name.
"""

from functools import cache

from django.conf import settings

from operations.alarms.service import alarms
from sender_constraint.certificates.issuer_status import NONE, StatusByIssuer, UnaskedStatus, responders_of
from sender_constraint.certificates.status import StatusBook
from sender_constraint.core.revocation import StatusSource


@cache
def certificate_status() -> StatusSource:
    """That of this process, made when first needed: never shared with the process that it forked from."""
    other = UnaskedStatus() if settings.OCSP_URL == NONE else _book(settings.OCSP_URL)
    responders = responders_of(issuer_status())
    return StatusByIssuer(other, responders, _book) if responders else other


def issuer_status() -> str:
    """The setting ``ISSUER_STATUS``, which a service need not have."""
    return str(getattr(settings, "ISSUER_STATUS", ""))


def _book(url: str) -> StatusBook:
    return StatusBook(url, settings.REVOCATION_SECONDS, settings.STATUS_GRACE_SECONDS, alarms=alarms())
