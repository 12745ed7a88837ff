"""Addresses in certificates: the iPAddress and rfc822Name entries of a subject alternative name.

RFC 5280 §4.2.1.6 and §7.5, https://www.rfc-editor.org/rfc/rfc5280; RFC 5952 §8,
https://www.rfc-editor.org/rfc/rfc5952; RFC 5321 §4.1.2, https://www.rfc-editor.org/rfc/rfc5321. Not read:
the otherName of RFC 9598, for mailboxes whose local part is not ASCII, and address literals in place of a
mailbox's domain.
"""

import ipaddress
import re

from cryptography import x509

from sender_constraint.core.names import alternative_names, same_dns_name

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 5321 §4.1.2 and §4.5.3.1: Dot-string or Quoted-string, and a domain of letter-digit-hyphen labels.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_QUOTED = r'"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"'
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_MAILBOX = re.compile(
    rf"(?=.{{1,254}}\Z)(?=.{{1,64}}@)(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})@{_LABEL}(?:\.{_LABEL})*"
)


def parse_ip_address(text: str) -> IPAddress:
    """An address from its text: four decimal numbers, or any form of IPv6 (RFC 5952 §2), without a zone.

    Raises ValueError, with a message for people.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        raise ValueError(f"{text!r} has a zone, which means something on one machine only")
    return address


def is_mailbox(text: str) -> bool:
    """Whether a text is a Mailbox of RFC 5321 §4.1.2 with a domain: no name before it, no brackets."""
    return _MAILBOX.fullmatch(text) is not None


def ip_addresses(certificate: x509.Certificate) -> tuple[IPAddress, ...]:
    """The iPAddress entries, as addresses; entries of other lengths than 4 and 16 octets are none.

    They are compared with ``==``, which compares kind and octets (RFC 5952 §8): an IPv4 address is not the
    IPv6 address that it is mapped to.
    """
    names = alternative_names(certificate)
    values = names.get_values_for_type(x509.IPAddress) if names else ()
    return tuple(each for each in values if isinstance(each, ipaddress.IPv4Address | ipaddress.IPv6Address))


def mailboxes(certificate: x509.Certificate) -> tuple[str, ...]:
    """The rfc822Name entries, as they are encoded. An emailAddress in the subject is none of them."""
    names = alternative_names(certificate)
    return tuple(names.get_values_for_type(x509.RFC822Name)) if names else ()


def same_mailbox(expected: str, presented: str) -> bool:
    """RFC 5280 §7.5: the local part exactly, the domain but for the case of ASCII letters."""
    (local, at, domain), (presented_local, presented_at, presented_domain) = (
        each.rpartition("@") for each in (expected, presented)
    )
    return (local, at) == (presented_local, presented_at) and same_dns_name(domain, presented_domain)
