"""RFC 5280 §4.2.1.6 and §7.5, RFC 5952 §8: addresses in certificates, read and compared."""

import ipaddress

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from sender_constraint.core.addresses import (
    ip_addresses,
    is_mailbox,
    mailboxes,
    parse_ip_address,
    same_mailbox,
)
from tests.sender_constraint.pki import issue

NETWORK = ipaddress.ip_network("192.0.2.0/24")


def test_addresses_are_read_as_they_are_encoded_and_networks_are_none() -> None:
    names = [
        x509.IPAddress(ipaddress.ip_address("2001:DB8::1")),
        x509.IPAddress(NETWORK),
        x509.RFC822Name("Treasury@Partner.example"),
        x509.DNSName("192.0.2.1"),
        x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
    ]
    certificate = issue(None, alternative_names=names).certificate
    assert [each.packed.hex() for each in ip_addresses(certificate)] == [
        "20010db8000000000000000000000001",
        "c0000201",
    ]
    assert mailboxes(certificate) == ("Treasury@Partner.example",)


def test_a_certificate_without_alternative_names_has_no_address() -> None:
    certificate = issue(None).certificate
    assert ip_addresses(certificate) == ()
    assert mailboxes(certificate) == ()


@pytest.mark.clause("RFC 5952 §8")
@given(st.ip_addresses())
def test_every_form_of_an_address_is_the_same_address(address: ipaddress.IPv4Address) -> None:
    for text in {str(address), address.exploded, address.exploded.upper()}:
        assert parse_ip_address(text) == address


@pytest.mark.clause("RFC 5280 §7.5")
@pytest.mark.parametrize(
    ("presented", "same"),
    [
        ("Treasury@partner.example", True),
        ("Treasury@PARTNER.Example", True),
        ("treasury@partner.example", False),
        ("Treasury@partner.example.", False),
        ("x@Treasury@partner.example", False),
        ("Treasury", False),
        ("@partner.example", False),
        ("", False),
    ],
)
def test_the_local_part_is_compared_exactly_and_the_domain_without_case(presented: str, same: bool) -> None:
    assert same_mailbox("Treasury@partner.example", presented) is same


def test_only_ascii_letters_have_a_case_in_the_domain_of_a_mailbox() -> None:
    assert not same_mailbox("a@kelvin.example", "a@\u212aelvin.example")


@given(st.emails())
def test_what_is_a_mailbox_elsewhere_is_one_here(mailbox: str) -> None:
    assert is_mailbox(mailbox)


@given(st.text(max_size=80))
def test_whatever_is_a_mailbox_is_ascii_and_has_a_domain(text: str) -> None:
    assert not is_mailbox(text) or (text.isascii() and text.rpartition("@")[2])
