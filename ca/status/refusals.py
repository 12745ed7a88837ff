"""Why the responder gives no status: RFC 6960 §2.3 and §4.2.1 (https://www.rfc-editor.org/rfc/rfc6960).

StatusRefused           unauthorized      not a certificate of this authority
├── RequestUnreadable   malformedRequest  not a request that this responder reads
└── TryLater            tryLater          there is nothing to sign with at the moment, or nobody to ask
"""

from typing import ClassVar

from cryptography.x509.ocsp import OCSPResponseStatus

from sender_constraint.core.errors import Refusal


class StatusRefused(Refusal):
    """RFC 9919 §3.2.3: this responder cannot answer for the authority that is asked about."""

    code = "unauthorized"
    default_status = 200
    response_status: ClassVar[OCSPResponseStatus] = OCSPResponseStatus.UNAUTHORIZED


class RequestUnreadable(StatusRefused):
    """What was sent is not a request that this responder reads."""

    code = "malformedRequest"
    response_status = OCSPResponseStatus.MALFORMED_REQUEST


class TryLater(StatusRefused):
    """The responder cannot answer now."""

    code = "tryLater"
    response_status = OCSPResponseStatus.TRY_LATER
