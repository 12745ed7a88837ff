"""RFC 5280 §4.2.1.6: addresses that a participant may have certified, and those that are another's."""

import ipaddress

import pytest
from cryptography import x509
from django.core.management import CommandError
from django.test import Client

from ca.authority.entitlements import alternative_names_of
from ca.register.models import Enrolment
from ca.register.participants import Application
from sender_constraint.core.addresses import ip_addresses, mailboxes
from tests.ca.conftest import Admit
from tests.ca.material import csr, encoded, issued, new_key, post
from tests.ca.test_commands import add, run
from tests.trail import Trail

SUBJECT = "CN=treasury,O=Treasury Ltd,C=GB"
ADDRESSES = ("192.0.2.7", "2001:DB8::7")
MAILBOX = "Desk@treasury.example"


def address(text: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_address(text))


OWN = [address("192.0.2.7"), address("2001:db8::7"), x509.RFC822Name("Desk@Treasury.Example")]


@pytest.fixture
def treasury(admitted: Admit) -> str:
    """What it authenticates with."""
    application = Application("treasury", "client", SUBJECT, san_ip=ADDRESSES, san_email=(MAILBOX,))
    return admitted(application).authorization


@pytest.mark.clause("RFC 5280 §4.2.1.6")
def test_a_participant_gets_its_addresses_certified(client: Client, treasury: str) -> None:
    request = encoded(csr(new_key(), SUBJECT, OWN))
    certificate = issued(post(client, "simpleenroll", request, authorization=treasury))
    assert [str(each) for each in ip_addresses(certificate)] == ["192.0.2.7", "2001:db8::7"]
    assert mailboxes(certificate) == ("Desk@Treasury.Example",)


@pytest.mark.clause("RFC 7030 §3.7")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(address("192.0.2.8"), id="another address"),
        pytest.param(address("::ffff:192.0.2.7"), id="an address mapped to IPv6"),
        pytest.param(x509.IPAddress(ipaddress.ip_network("192.0.2.7/32")), id="a network"),
        pytest.param(x509.DNSName("192.0.2.7"), id="an address as a DNS name"),
        pytest.param(x509.RFC822Name("desk@treasury.example"), id="the case of the local part"),
        pytest.param(x509.RFC822Name("Desk@other.example"), id="another domain"),
        pytest.param(x509.DNSName("treasury.example"), id="the domain of its mailbox"),
    ],
)
def test_a_name_that_is_not_its_own_is_refused(
    client: Client, treasury: str, trail: Trail, name: x509.GeneralName
) -> None:
    response = post(client, "simpleenroll", encoded(csr(new_key(), SUBJECT, [name])), authorization=treasury)
    assert (response.status_code, trail.last()["rule"]) == (403, "csr.alternative-name")
    assert trail.last()["detail"]["expected"] == [*ADDRESSES, MAILBOX]


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_a_renewal_keeps_the_addresses(client: Client, treasury: str, trail: Trail) -> None:
    request = encoded(csr(new_key(), SUBJECT, OWN))
    first = issued(post(client, "simpleenroll", request, authorization=treasury))
    fewer = encoded(csr(new_key(), SUBJECT, OWN[:2]))
    assert post(client, "simplereenroll", fewer, certificate=first).status_code == 403
    assert trail.last()["rule"] == "renewal.alternative-names"
    request = encoded(csr(new_key(), SUBJECT, OWN))
    second = issued(post(client, "simplereenroll", request, certificate=first))
    assert alternative_names_of(second) == alternative_names_of(first)


@pytest.mark.django_db
def test_the_operator_says_which_addresses_are_whose() -> None:
    add("treasury", "--san-ip", ADDRESSES[0], "--san-email", MAILBOX, subject=SUBJECT)
    enrolment = Enrolment.objects.get(participant__name="treasury")
    assert (enrolment.san_ip, enrolment.san_email) == ([ADDRESSES[0]], [MAILBOX])
    assert f"({ADDRESSES[0]}, {MAILBOX})" in run("list")
    other = {"subject": "CN=other"}
    with pytest.raises(CommandError, match=r"192\.0\.2\.7 is treasury's"):
        add("other", "--san-ip", ADDRESSES[0], **other)
    with pytest.raises(CommandError, match=r"Desk@TREASURY\.example is treasury's"):
        add("other", "--san-email", "Desk@TREASURY.example", **other)
    add("other", "--san-ip", "192.0.2.8", "--san-email", "other@treasury.example", **other)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "option",
    [
        ("--san-ip", "192.0.2.0/24"),
        ("--san-ip", "fe80::1%eth0"),
        ("--san-ip", "treasury.example"),
        ("--san-email", "treasury.example"),
        ("--san-email", "Desk <desk@treasury.example>"),
        ("--san-email", "dësk@treasury.example"),
    ],
)
def test_what_is_no_address_cannot_be_certified(option: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="cannot be certified"):
        add("treasury", *option, subject=SUBJECT)
