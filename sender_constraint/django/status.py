"""The statuses of certificates in a Django service.

OCSP_URL                where the authority's responder is; plain HTTP, since its responses are signed
REVOCATION_SECONDS      the promise: at most so long after a revocation everyone refuses
STATUS_GRACE_SECONDS    for so much longer a status counts while the responder is away; 0 for no grace
"""

from functools import cache

from django.conf import settings

from sender_constraint.certificates.status import StatusBook
from sender_constraint.django.alarms import alarms


@cache
def certificate_status() -> StatusBook:
    """The book of this process, made when first needed: never shared with the process that it forked from."""
    return StatusBook(
        settings.OCSP_URL, settings.REVOCATION_SECONDS, settings.STATUS_GRACE_SECONDS, alarms=alarms()
    )
