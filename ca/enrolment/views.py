"""EST's operations: RFC 7030 §4.1 and §4.2 (https://www.rfc-editor.org/rfc/rfc7030).

Not offered: full CMC (§4.3), keys made by the server (§4.4: keys are born where they are used), attributes
for requests (§4.5: the profile decides), and several authorities under labels (§3.2.2).
Channel binding by the challengePassword (§3.5) is not demanded; the TLS connection and the request's
signature each prove what they prove.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from ca.authority.entitlements import (
    check_alternative_names,
    check_same_alternative_names,
    check_same_subject,
    check_server_name,
    check_subject,
)
from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import verify_request
from ca.enrolment.answers import answering, identify
from ca.enrolment.authentication import authenticate_by_secret, certificate_to_renew
from ca.enrolment.messages import (
    CERTIFICATE_MEDIA_TYPE,
    CERTIFICATES_MEDIA_TYPE,
    certificates_response,
    request_body,
)
from ca.register.configuration import authority_directory, current_issuer, key_profile
from ca.register.issuing import Issuance
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.django import events
from sender_constraint.django.peer import peer_of


@require_safe
@answering("est.cacerts")
def cacerts(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The root and the issuing authority (RFC 7030 §4.1), for everyone."""
    return certificates_response(authority_directory().certificates(), CERTIFICATES_MEDIA_TYPE)


@require_POST
@answering("est.simpleenroll")
def simpleenroll(request: HttpRequest) -> HttpResponse:
    """A first certificate, for a participant with its one-time secret (RFC 7030 §4.2.1)."""
    enrolment = authenticate_by_secret(request.headers.get("Authorization", ""))
    identify(request, enrolment.participant)
    asked = verify_request(request_body(request), key_profile())
    check_subject(asked, enrolment.entitlement)
    check_alternative_names(asked, enrolment.entitlement)
    check_server_name(asked, enrolment.profile)
    return _issued(request, "est.simpleenroll", current_issuer().begin(enrolment, asked))


@require_POST
@answering("est.simplereenroll")
def simplereenroll(request: HttpRequest) -> HttpResponse:
    """The successor of the certificate of this connection (RFC 7030 §4.2.2), whatever its purpose."""
    renewed, enrolment = certificate_to_renew(peer_of(request).certificate(EnrolmentRefused))
    identify(request, enrolment.participant)
    asked = verify_request(request_body(request), key_profile())
    check_same_subject(asked, renewed.certificate)
    check_same_alternative_names(asked, renewed.certificate)
    check_alternative_names(asked, enrolment.entitlement)  # the operator may have taken one away since
    return _issued(request, "est.simplereenroll", current_issuer().renew(renewed, asked))


def _issued(request: HttpRequest, event: str, issuance: Issuance) -> HttpResponse:
    """Only the certificate that was issued (RFC 7030 §4.2.3); its issuers are in ``cacerts``."""
    record = issuance.record
    events.accepted(
        request,
        event,
        detail={
            "profile": record.profile_name,
            "serial": record.serial,
            "thumbprint": certificate_thumbprint(bytes(record.der)),
            "not_after": record.not_after.isoformat(),
            "replaces": record.replaces.serial if record.replaces else None,
            "repeated": issuance.is_repeated,
        },
    )
    return certificates_response([record.certificate], CERTIFICATE_MEDIA_TYPE)
