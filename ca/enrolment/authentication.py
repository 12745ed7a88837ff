"""Who asks: by one-time secret for a first certificate, by the certificate itself for its successor.

RFC 7030 §3.2.3 (https://www.rfc-editor.org/rfc/rfc7030) with RFC 7617 for the first, §3.3.2 for the
second. Accepting a certificate here says nothing about its purpose or its time: a server's certificate
renews itself too, and so does one that has just expired; ``ca.register.issuing`` decides about time and
revocation. It is authority for this one operation, and for no other.
"""

import base64
import binascii
import hmac

from cryptography import x509

from ca.authority.refusals import CredentialsRefused, EnrolmentRefused
from ca.register.models import Enrolment, IssuedCertificate, serial_text
from ca.register.participants import secret_digest
from sender_constraint.core.rules import enforces, rule

REALM = "enrolment"

CREDENTIALS = rule(
    "est.credentials", "RFC 7030 §3.2.3", "The participant or its one-time secret is missing or wrong."
).explained(
    "a participant's name and its one-time secret (HTTP Basic)",
    "wrong or missing credentials for the participant {participant}",
    "Check the participant's name; if it is right, ask the scheme operator for a new enrolment secret.",
)
CERTIFICATE_PRESENTED = rule(
    "renewal.certificate", "RFC 7030 §3.3.2", "The request needs the client certificate that it is about."
).explained(
    "the certificate to renew, in the TLS handshake",
    "no certificate",
    "Present the certificate to renew, or enrol with a one-time secret.",
)
CERTIFICATE_ISSUED = rule(
    "renewal.issued-here", "RFC 7030 §3.3.2", "This CA did not issue the client certificate."
).explained(
    "a certificate that this CA issued to a participant",
    "serial {serial} of {issuer}",
    "Present the certificate that this CA issued, or enrol with a one-time secret.",
)
RENEWABLE = rule(
    "renewal.participant", "RFC 7030 §3.3.2", "The certificate was issued manually, not to a participant."
).explained(
    "a participant's certificate",
    "a certificate that the operator issued manually",
    "Have the operator issue the next one manually, or register you as a participant.",
)


@enforces(CREDENTIALS)
def authenticate_by_secret(authorization: str) -> Enrolment:
    """The enrolment whose secret stands in an Authorization header. Raises CredentialsRefused.

    The answer is the same, and takes as long, whether the participant or the secret is unknown.
    """
    name, secret = _basic_credentials(authorization)
    presented = secret_digest(secret)
    found = None
    for enrolment in Enrolment.objects.filter(participant__name=name).select_related("participant"):
        if hmac.compare_digest(enrolment.secret_digest, presented):
            found = enrolment
    if found is None:
        raise CredentialsRefused(CREDENTIALS, "Wrong participant or enrolment secret", participant=name[:64])
    return found


def certificate_to_renew(certificate: x509.Certificate | None) -> tuple[IssuedCertificate, Enrolment]:
    """The register's record of the certificate of the connection, and its line. Raises EnrolmentRefused.

    TLS has proven possession of its key. That the register holds it byte by byte says who issued it.
    """
    record = issued_certificate(certificate)
    return record, check_renewable(record)


def issued_certificate(certificate: x509.Certificate | None) -> IssuedCertificate:
    """The same for a certificate of any kind. Raises EnrolmentRefused."""
    presented = check_presented(certificate)
    records = IssuedCertificate.objects.select_related("enrolment__participant")
    return check_issued_here(presented, records.filter(serial=serial_text(presented)).first())


@enforces(CERTIFICATE_PRESENTED)
def check_presented(certificate: x509.Certificate | None) -> x509.Certificate:
    """There is no other way to ask for a renewal."""
    if certificate is None:
        raise EnrolmentRefused(
            CERTIFICATE_PRESENTED, "Present the certificate that this request is about in the TLS handshake"
        )
    return certificate


@enforces(CERTIFICATE_ISSUED)
def check_issued_here(presented: x509.Certificate, record: IssuedCertificate | None) -> IssuedCertificate:
    """Equal to what the register holds, byte by byte, and so issued by whom it says."""
    if record is None or record.certificate != presented:
        raise EnrolmentRefused(
            CERTIFICATE_ISSUED,
            "This CA did not issue the presented certificate",
            issuer=presented.issuer.rfc4514_string(),
            serial=serial_text(presented),
        )
    return record


@enforces(RENEWABLE)
def check_renewable(record: IssuedCertificate) -> Enrolment:
    """Of a participant: what was issued by hand is renewed by hand."""
    if record.enrolment is None:
        raise EnrolmentRefused(
            RENEWABLE, "This CA does not renew the presented certificate", serial=record.serial
        )
    return record.enrolment


def _basic_credentials(authorization: str) -> tuple[str, str]:
    """RFC 7617 §2: user-id and password; two empty texts for anything else."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    # RFC 7617 §2 forbids control characters, and no database takes a NUL.
    return (name, secret) if name.isprintable() else ("", "")
