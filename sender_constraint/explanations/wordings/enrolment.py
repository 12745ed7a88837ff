"""Certification requests and renewals at the certificate authority, and the registration of clients."""

from sender_constraint.explanations.wordings.wording import Wording

_NEW_LINE = "Ask the scheme operator for a new enrolment secret, and enrol anew."
_CORRECT = "Correct the request, and send it again; the secret is not spent by a request that is refused."
_ASK_FOR_NAMES = "Ask for the names that the scheme operator entered for this participant, letter by letter."
_SAME_NAMES = "Renew with the names of the present certificate; other names need a new enrolment."
_METADATA = "Correct the client's metadata, and register it again."

RULES = {
    "est.credentials": Wording(
        "a participant's name and its one-time secret (HTTP Basic)",
        "others, or none; the participant {participant}",
        "Check the participant's name; if it is right, ask the scheme operator for a new enrolment secret.",
    ),
    "est.media-type": Wording(
        "Content-Type: {expected}", "{presented}", "Send the header Content-Type: application/pkcs10."
    ),
    "est.body-size": Wording("at most {expected} bytes", "{presented}", _CORRECT),
    "est.encoding": Wording(
        "base64 of a DER request",
        "something else, such as DER or PEM itself",
        "Encode the DER of the request in base64, without the lines BEGIN and END.",
    ),
    "enrolment.secret-spent": Wording(
        "a one-time secret that is unspent, or the key it was spent on (SHA-256 {expected})",
        "a request with another key (SHA-256 {presented})",
        _NEW_LINE,
    ),
    "csr.size": Wording("1 to {expected} bytes", "{presented} bytes", _CORRECT),
    "csr.syntax": Wording("a PKCS #10 request in DER", "something that is none: {reason}", _CORRECT),
    "csr.key": Wording(
        "a key on P-256 or P-384, or RSA of 2048 to 4096 bits",
        "{presented}",
        "Make a key on P-256, and request a certificate for it.",
    ),
    "csr.signature-algorithm": Wording(
        "a signature over SHA-256, SHA-384 or SHA-512", "the algorithm {presented}", _CORRECT
    ),
    "csr.signature": Wording(
        "a request signed with the key in it",
        "a signature of another key, or over other content",
        "Sign the request with the private key whose public key it carries, and change nothing afterwards.",
    ),
    "csr.authority": Wording(
        "a request of an end entity",
        "basic constraints that ask for an authority",
        "Leave the basic constraints out of the request.",
    ),
    "csr.compromised-key": Wording(
        "a key that nobody else has",
        "one for which a certificate was revoked",
        "Make a new key, and request a certificate for that one.",
    ),
    "csr.subject": Wording("the subject {expected}", "{presented}", _ASK_FOR_NAMES),
    "csr.alternative-name": Wording("names among {expected}", "also {presented}", _ASK_FOR_NAMES),
    "csr.server-name": Wording(
        "a DNS name in the subject alternative name",
        "none",
        "Put the server's DNS name into the request's subject alternative name.",
    ),
    "renewal.certificate": Wording(
        "the certificate to renew, in the TLS handshake",
        "no certificate",
        "Present the certificate that is to be renewed, or enrol with a one-time secret.",
    ),
    "renewal.issued-here": Wording(
        "a certificate that this authority issued to a participant",
        "serial {serial} of {issuer}",
        "Present the certificate that this authority issued, or enrol with a one-time secret.",
    ),
    "renewal.revoked": Wording(
        "a certificate that is not revoked", "serial {serial}, revoked at {revoked_at}", _NEW_LINE
    ),
    "renewal.line": Wording(
        "the certificate of a line that goes on", "one of a line that ended by revocation", _NEW_LINE
    ),
    "renewal.participant": Wording(
        "a certificate of a participant",
        "one that the operator issued by hand",
        "Have the operator issue its successor by hand, or admit you as a participant.",
    ),
    "renewal.latest": Wording(
        "the participant's latest certificate, serial {expected}",
        "an expired one before it, serial {presented}",
        "Renew with the latest certificate; if it is lost, ask the scheme operator for a new secret.",
    ),
    "renewal.forked": Wording(
        "the key of its successor {replaced_by} (SHA-256 {expected}), or a certificate that was not replaced",
        "certificate {serial}, with a request for the key with SHA-256 {presented}",
        "Two parties hold keys of this lineage. The operator compares both certificates "
        "(`manage.py lineage list`), and resumes or revokes the lineage; a new one-time secret starts "
        "another.",
    ),
    "renewal.suspended": Wording(
        "a lineage whose replaced keys are not used",
        "a lineage whose replaced certificate {replaced} asked for another successor at {detected_at}",
        "The operator decides with `manage.py lineage`; then the renewal succeeds by itself, or needs a new "
        "one-time secret.",
    ),
    "renewal.window": Wording("a renewal soon after the end", "a renewal too late", _NEW_LINE),
    "renewal.subject": Wording("the subject {expected}", "{presented}", _SAME_NAMES),
    "renewal.alternative-names": Wording("the names {expected}", "{presented}", _SAME_NAMES),
}

AREAS = {
    "est": Wording("", "", _CORRECT),
    "csr": Wording("", "", _CORRECT),
    "enrolment": Wording("", "", _NEW_LINE),
    "renewal": Wording("", "", _NEW_LINE),
    "registration": Wording("", "", _METADATA),
}
