"""Why a chain of certificates leads nowhere: which element failed, and how.

RFC 5280 §6.1 (https://www.rfc-editor.org/rfc/rfc5280). It decides nothing: ``certificate_checks`` has refused
the chain by then, and asks here for words that an operator can act upon. It walks from the certificate to
its issuer, and on, as a verifier does, and stops at the first element with a fault. What it does *not* look
at, such as constraints on names, is in the verifier's own message.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from sender_constraint.core.names import distinguished_name
from sender_constraint.core.trust_anchors import TrustAnchors
from sender_constraint.core.untrusted_input import is_issued_by

# A hostile chain must not cost more to explain than to refuse.
MAX_SIGNATURES = 16
MAX_NAME_CHARACTERS = 200

# What comes with a fault, by element: the element is a certificate's place in the chain, the caller's own 1.
MISSING_ISSUER = "missing-issuer"
UNKNOWN_ANCHOR = "unknown-anchor"
SIGNATURE = "signature"
NOT_AUTHORITY = "not-an-authority"
KEY_USAGE = "key-usage"
PURPOSE = "purpose"
EXPIRED = "expired"
NOT_YET_VALID = "not-yet-valid"
PATH_LENGTH = "path-length"

_PURPOSES = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one element, and the values that show it."""

    kind: str
    values: dict[str, Any]


def diagnosis(
    certificate: x509.Certificate,
    presented: Sequence[x509.Certificate],
    anchors: TrustAnchors,
    time: datetime,
) -> dict[str, Any]:
    """For a refusal's private detail: ``chain``, the subjects as far as the walk came, and ``failed``.

    presented: what the caller sent beside its own certificate. time: aware, at which the chain was judged.
    ``failed`` has element (counted from the caller's certificate, 1), subject, fault and its values; it is
    absent where no element has one of these faults, and the verifier alone knows.
    """
    walk = _Walk(presented, anchors, time)
    try:
        fault = walk.from_certificate(certificate)
    except _TooManySignatures:
        fault = None
    told: dict[str, Any] = {"chain": [_shown(each.subject) for each in walk.path]}
    if fault is not None:
        element = walk.path[-1]
        told["failed"] = {
            "element": len(walk.path),
            "subject": _shown(element.subject),
            "fault": fault.kind,
            **fault.values,
        }
    return told


class _TooManySignatures(Exception):
    """So many candidates have an issuer's name that it would take too long to say which one it was."""


class _Walk:
    """The way from a certificate to an anchor; ``path`` ends with the element that has the fault."""

    def __init__(self, presented: Sequence[x509.Certificate], anchors: TrustAnchors, time: datetime) -> None:
        self._anchors = anchors
        self._known = [*presented, *anchors.intermediates, *anchors.anchors]
        self._time = time
        self._signatures_left = MAX_SIGNATURES
        self.path: list[x509.Certificate] = []

    def from_certificate(self, certificate: x509.Certificate) -> Fault | None:
        """The first fault on the way; None if the way ends at an anchor."""
        self.path = [certificate]
        while self.path[-1] not in self._anchors.anchors:
            issuer = self._issuer_of(self.path[-1])
            if isinstance(issuer, Fault):
                return issuer
            self.path.append(issuer)
            fault = next(self._faults_of_issuer(issuer), None)
            if fault is not None:
                return fault
        return None

    def _issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | Fault:
        named = [each for each in self._known if each.subject == certificate.issuer]
        others = [each for each in named if each not in self.path]
        if certificate.subject == certificate.issuer and not others:
            return Fault(UNKNOWN_ANCHOR, {"trusted": self._anchor_names()})
        if not others:
            return Fault(MISSING_ISSUER, {"issuer": _shown(certificate.issuer)})
        signers = [each for each in others if self._signed_by(certificate, each)]
        if not signers:
            own = certificate.subject == certificate.issuer and self._signed_by(certificate, certificate)
            values = {"issuer": _shown(certificate.issuer), "by_itself": own}
            return Fault(SIGNATURE, values)
        # Of several, the one without a fault: an authority may have its old certificate beside its new one.
        return min(signers, key=lambda each: next(self._faults_of_issuer(each), None) is not None)

    def _signed_by(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        if not self._signatures_left:
            raise _TooManySignatures
        self._signatures_left -= 1
        return is_issued_by(certificate, issuer)

    def _faults_of_issuer(self, issuer: x509.Certificate) -> Iterator[Fault]:
        """RFC 5280 §6.1.3 and §6.1.4, for a certificate that issued the one before it in the path."""
        yield from self._faults_of_time(issuer)
        constraints = _extension(issuer, x509.BasicConstraints)
        below = self._authorities_below(issuer)
        if constraints is None or not constraints.ca:
            yield Fault(NOT_AUTHORITY, {})
        elif constraints.path_length is not None and below > constraints.path_length:
            yield Fault(PATH_LENGTH, {"expected": constraints.path_length, "presented": below})
        usage = _extension(issuer, x509.KeyUsage)
        if usage is not None and not usage.key_cert_sign:
            yield Fault(KEY_USAGE, {})
        purposes = _extension(issuer, x509.ExtendedKeyUsage)
        if purposes is not None and not any(each in purposes for each in _PURPOSES):
            presented = [each.dotted_string for each in purposes][:10]
            yield Fault(PURPOSE, {"expected": _PURPOSES[0].dotted_string, "presented": presented})

    def _faults_of_time(self, certificate: x509.Certificate) -> Iterator[Fault]:
        now = self._time.isoformat()
        if self._time > certificate.not_valid_after_utc:
            yield Fault(EXPIRED, {"not_after": certificate.not_valid_after_utc.isoformat(), "now": now})
        if self._time < certificate.not_valid_before_utc:
            not_before = certificate.not_valid_before_utc.isoformat()
            yield Fault(NOT_YET_VALID, {"not_before": not_before, "now": now})

    def _authorities_below(self, issuer: x509.Certificate) -> int:
        """RFC 5280 §4.2.1.9: the intermediates that follow; self-issued ones do not count."""
        place = self.path.index(issuer) if issuer in self.path else len(self.path)
        return sum(each.subject != each.issuer for each in self.path[1:place])

    def _anchor_names(self) -> list[str]:
        return _bounded(self._anchors.anchors)


def _bounded(certificates: Iterable[x509.Certificate]) -> list[str]:
    return sorted({_shown(each.subject) for each in certificates})[:10]


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _shown(name: x509.Name) -> str:
    return str(distinguished_name(name))[:MAX_NAME_CHARACTERS]
