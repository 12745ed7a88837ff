"""Which names a participant may have, and which a renewal must keep.

RFC 7030 §4.2.2 (https://www.rfc-editor.org/rfc/rfc7030): a renewal has the subject and the SAN of the
certificate that it renews. DNS names and the domains of mailboxes are compared without case, addresses as
octets, all other names exactly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509

from ca.authority.profiles import Profile
from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import CertificationRequest
from sender_constraint.core.addresses import is_mailbox, parse_ip_address, same_mailbox
from sender_constraint.core.guidance import Comparison
from sender_constraint.core.names import (
    DistinguishedName,
    distinguished_name,
    first_difference,
    same_dns_name,
)
from sender_constraint.core.rules import enforces, rule

_ENTERED_NAMES = (
    "Request the names that the scheme operator registered for this participant, character by character."
)
_SAME_NAMES = "Renew with the names in the current certificate; other names need a new enrolment."

SUBJECT = rule("csr.subject", "RFC 7030 §3.7", "The subject is not the participant's.").explained(
    "the subject {expected}", "{presented}", _ENTERED_NAMES, compare=Comparison.DISTINGUISHED_NAME
)
ALTERNATIVE_NAME = rule(
    "csr.alternative-name", "RFC 7030 §3.7", "An alternative name is not one of the participant's."
).explained("names among {expected}", "also {presented}", _ENTERED_NAMES)
SERVER_NAME = rule("csr.server-name", "RFC 9525 §4.1", "A server certificate needs a DNS name.").explained(
    "a DNS name in the subject alternative name",
    "no DNS name",
    "Add the server's DNS name to the request's subject alternative name.",
)
SAME_SUBJECT = rule(
    "renewal.subject", "RFC 7030 §4.2.2", "The subject differs from the certificate to renew."
).explained("the subject {expected}", "{presented}", _SAME_NAMES, compare=Comparison.DISTINGUISHED_NAME)
SAME_ALTERNATIVE_NAMES = rule(
    "renewal.alternative-names",
    "RFC 7030 §4.2.2",
    "The alternative names differ from the certificate to renew.",
).explained("the names {expected}", "{presented}", _SAME_NAMES, compare=Comparison.SAME_MEMBERS)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The names that one participant may have certified; alternative names may also be left out.

    uris: compared exactly, as they are encoded. ip_addresses: in the text forms of RFC 5952.
    """

    subject: DistinguishedName
    dns_names: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()

    def allows(self, name: x509.GeneralName) -> bool:
        """Whether an alternative name is among them; names of other kinds never are."""
        match name:
            case x509.DNSName():
                return any(same_dns_name(allowed, name.value) for allowed in self.dns_names)
            case x509.UniformResourceIdentifier():
                return name.value in self.uris
            case x509.IPAddress():
                return any(parse_ip_address(allowed) == name.value for allowed in self.ip_addresses)
            case x509.RFC822Name():
                return any(same_mailbox(allowed, name.value) for allowed in self.mailboxes)
        return False

    def written(self) -> list[str]:
        """All alternative names, for people and the audit trail."""
        return [*self.dns_names, *self.uris, *self.ip_addresses, *self.mailboxes]


@enforces(SUBJECT)
def check_subject(request: CertificationRequest, entitlement: Entitlement) -> None:
    """The whole name, not only its common name."""
    expected, presented = entitlement.subject, distinguished_name(request.subject)
    difference = first_difference(expected, presented)
    if difference is not None:
        raise EnrolmentRefused(
            SUBJECT,
            "The subject is not this participant's",
            expected=str(expected),
            presented=str(presented),
            difference=difference,
        )


@enforces(ALTERNATIVE_NAME)
def check_alternative_names(request: CertificationRequest, entitlement: Entitlement) -> None:
    """Each name that the request asks for, whatever its kind."""
    foreign = [name for name in request.alternative_names if not entitlement.allows(name)]
    if foreign:
        raise EnrolmentRefused(
            ALTERNATIVE_NAME,
            "An alternative name is not this participant's",
            expected=entitlement.written(),
            presented=written(foreign),
        )


@enforces(SERVER_NAME)
def check_server_name(request: CertificationRequest, profile: Profile) -> None:
    """Clients look for a server's name in the SAN alone."""
    has_dns_name = any(isinstance(name, x509.DNSName) for name in request.alternative_names)
    if profile.needs_dns_name and not has_dns_name:
        raise EnrolmentRefused(SERVER_NAME, "A server certificate needs a DNS name")


@enforces(SAME_SUBJECT)
def check_same_subject(request: CertificationRequest, renewed: x509.Certificate) -> None:
    """The request is about the certificate that authenticated it."""
    expected, presented = distinguished_name(renewed.subject), distinguished_name(request.subject)
    difference = first_difference(expected, presented)
    if difference is not None:
        raise EnrolmentRefused(
            SAME_SUBJECT,
            "The subject differs from the certificate to renew",
            expected=str(expected),
            presented=str(presented),
            difference=difference,
        )


@enforces(SAME_ALTERNATIVE_NAMES)
def check_same_alternative_names(request: CertificationRequest, renewed: x509.Certificate) -> None:
    """All of them, and no other; their order says nothing."""
    expected = alternative_names_of(renewed)
    if frozenset(expected) != frozenset(request.alternative_names):
        raise EnrolmentRefused(
            SAME_ALTERNATIVE_NAMES,
            "The alternative names differ from the certificate to renew",
            expected=written(expected),
            presented=written(request.alternative_names),
        )


def alternative_names_of(certificate: x509.Certificate) -> tuple[x509.GeneralName, ...]:
    """The names in a certificate's SAN, none where it has no such extension."""
    try:
        return tuple(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return ()


def general_names(
    dns_names: Iterable[str],
    uris: Iterable[str],
    ip_addresses: Iterable[str] = (),
    mailboxes: Iterable[str] = (),
) -> list[x509.GeneralName]:
    """Names as a SAN holds them. Raises ValueError where one is not ASCII, no address, or no mailbox."""
    return [
        *map(x509.DNSName, dns_names),
        *map(x509.UniformResourceIdentifier, uris),
        *(x509.IPAddress(parse_ip_address(text)) for text in ip_addresses),
        *map(_mailbox, mailboxes),
    ]


def _mailbox(text: str) -> x509.RFC822Name:
    if not is_mailbox(text):
        raise ValueError(f"{text!r} is no mailbox")
    return x509.RFC822Name(text)


def written(names: Sequence[x509.GeneralName]) -> list[str]:
    """For people and the audit trail: ``DNSName partner.example``."""
    return [f"{type(name).__name__} {name.value}" for name in names]
