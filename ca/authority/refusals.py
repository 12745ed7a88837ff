"""Why a certificate is not issued.

EST has no error codes (RFC 7030 §4.2.3): status and text go over the wire, the code to the audit trail.

    EnrolmentRefused            403  understood, and not allowed
    ├── RequestMalformed        400  not a certification request that this authority can read or certify
    └── CredentialsRefused      401  who asks could not be authenticated
"""

from sender_constraint.core.errors import Refusal


class EnrolmentRefused(Refusal):
    """The request is understood, and this participant does not get this certificate."""

    code = "enrolment_refused"
    default_status = 403


class RequestMalformed(EnrolmentRefused):
    """The message is not a certification request that this authority can read or certify."""

    code = "request_malformed"
    default_status = 400


class CredentialsRefused(EnrolmentRefused):
    """Participant and enrolment secret do not belong together."""

    code = "credentials_refused"
    default_status = 401
