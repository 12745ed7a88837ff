"""Client certificates at the token endpoint, over real sockets: each differs from a good one in one thing."""

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from tests.authserver.names_that_differ import (
    CLIENT_IPV4,
    CLIENT_IPV6,
    CLIENT_URI,
    CN,
    DIFFERENT_DNS_NAMES,
    DIFFERENT_IPV4_ADDRESSES,
    DIFFERENT_IPV6_ADDRESSES,
    DIFFERENT_MAILBOXES,
    DIFFERENT_SUBJECTS,
    DIFFERENT_URIS,
    ORG,
    VALID,
    C,
    address,
    name_of,
)
from tests.e2e.calling import TokenCaller
from tests.e2e.minting import Mint
from tests.e2e.registering import BY_IPV4, BY_IPV6, BY_MAILBOX, BY_URI, COMPANY, SPELLED_OTHERWISE, TWO_IN_ONE
from tests.e2e.verdict import Verdict
from tests.sender_constraint.flawed_certificates import REFUSED
from tests.sender_constraint.pki import Issued, make_scheme

ISSUED = "token.issued"
ORGANISATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")


class Clients:
    """Callers of the token endpoint with certificates that are made for them."""

    def __init__(self, caller: TokenCaller, mint: Mint) -> None:
        self._caller = caller
        self.mint = mint

    def showing(self, issued: Issued, *issuers: Issued, client_id: str = "partner") -> TokenCaller:
        return self._caller.but(client_id=client_id, credentials=self.mint.credentials(issued, *issuers))

    def named(self, client_id: str = "partner", **names: object) -> TokenCaller:
        """A caller whose certificate has other names than the partner's."""
        return self.showing(self.mint.certificate(**names), client_id=client_id)


@pytest.fixture
def clients(token_caller: TokenCaller, mint: Mint) -> Clients:
    return Clients(token_caller, mint)


@pytest.mark.clause("RFC 8705 §2.1")
@pytest.mark.parametrize("flaw", REFUSED)
def test_a_certificate_with_one_thing_wrong_is_refused_for_that(
    clients: Clients, verdict: Verdict, flaw: str
) -> None:
    verdict.accepted(clients.named().asks(), ISSUED)
    make, rule = clients.mint.flawed()[flaw]
    verdict.refused(clients.showing(make()).asks(), 401, "invalid_client", rule.identifier)


@pytest.mark.clause("RFC 5280 §6.1")
def test_a_chain_to_a_foreign_authority_is_refused_though_it_is_sent_whole(
    clients: Clients, verdict: Verdict
) -> None:
    own, foreign = clients.mint.scheme, make_scheme("Foreign")
    verdict.accepted(clients.showing(clients.mint.certificate(), own.issuing, own.root).asks(), ISSUED)
    other = clients.mint.certificate_by(foreign.issuing)
    exchange = clients.showing(other, foreign.issuing, foreign.root).asks()
    event = verdict.refused(exchange, 401, "invalid_client", "certificate.chain")
    assert event["detail"]["issuer"] == "CN=Foreign Issuing"


@pytest.mark.clause("RFC 8705 §2.2")
def test_a_self_signed_certificate_with_the_right_name_is_refused(clients: Clients, verdict: Verdict) -> None:
    verdict.accepted(clients.named().asks(), ISSUED)
    exchange = clients.showing(clients.mint.certificate_by(None)).asks()
    verdict.refused(exchange, 401, "invalid_client", "certificate.chain")


@pytest.mark.clause("RFC 5280 §4.2.1.9")
@pytest.mark.parametrize("authority", ["root", "issuing"])
def test_an_authority_of_the_scheme_is_no_client(clients: Clients, verdict: Verdict, authority: str) -> None:
    verdict.accepted(clients.named().asks(), ISSUED)
    exchange = clients.showing(getattr(clients.mint.scheme, authority)).asks()
    verdict.refused(exchange, 401, "invalid_client", "certificate.purpose-missing")


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("subject", DIFFERENT_SUBJECTS)
def test_a_subject_that_differs_in_one_way_is_refused(
    clients: Clients, verdict: Verdict, subject: x509.Name
) -> None:
    verdict.accepted(clients.named(subject=name_of(*VALID)).asks(), ISSUED)
    exchange = clients.named(subject=subject).asks()
    event = verdict.refused(exchange, 401, "invalid_client", "client.subject-dn")
    assert event["detail"]["expected"] == "CN=partner,O=Partner Ltd,C=GB"
    assert event["detail"]["difference"]


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize(
    "string_type",
    [_ASN1Type.PrintableString, _ASN1Type.UTF8String, _ASN1Type.BMPString, _ASN1Type.T61String],
    ids=lambda each: each.name,
)
def test_the_string_type_of_a_value_is_ignored(
    clients: Clients, verdict: Verdict, string_type: _ASN1Type
) -> None:
    subject = x509.Name(
        [
            x509.NameAttribute(C, "GB"),
            x509.NameAttribute(ORG, "Partner Ltd", string_type),
            x509.NameAttribute(CN, "partner", string_type),
        ]
    )
    verdict.accepted(clients.named(subject=subject).asks(), ISSUED)


@pytest.mark.usefixtures("registered")
@pytest.mark.clause("RFC 4514 §3")
def test_attribute_types_are_compared_by_oid_however_they_were_registered(
    clients: Clients, verdict: Verdict
) -> None:
    verdict.accepted(clients.named(SPELLED_OTHERWISE).asks(), ISSUED)
    company = name_of((C, "GB"), (ORG, "Partner Ltd"), (ORGANISATION_IDENTIFIER, "PSDGB-FCA-1"))
    verdict.accepted(clients.named(COMPANY, subject=company).asks(), ISSUED)
    as_serial_number = name_of((C, "GB"), (ORG, "Partner Ltd"), (NameOID.SERIAL_NUMBER, "PSDGB-FCA-1"))
    exchange = clients.named(COMPANY, subject=as_serial_number).asks()
    verdict.refused(exchange, 401, "invalid_client", "client.subject-dn")


@pytest.mark.usefixtures("registered")
@pytest.mark.clause("RFC 4514 §2.2")
def test_two_attributes_of_one_relative_name_are_not_two_relative_names(
    clients: Clients, verdict: Verdict
) -> None:
    country, organisation = x509.NameAttribute(C, "GB"), x509.NameAttribute(ORG, "Partner Ltd")
    name, number = x509.NameAttribute(CN, "partner"), x509.NameAttribute(NameOID.USER_ID, "1")
    relative_name = x509.RelativeDistinguishedName
    together = [relative_name([each]) for each in (country, organisation)] + [relative_name([number, name])]
    verdict.accepted(clients.named(TWO_IN_ONE, subject=x509.Name(together)).asks(), ISSUED)
    apart = x509.Name([country, organisation, number, name])
    exchange = clients.named(TWO_IN_ONE, subject=apart).asks()
    verdict.refused(exchange, 401, "invalid_client", "client.subject-dn")


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("dns_name", ["PARTNER.EXAMPLE", "Partner.example", "partner.Example"])
def test_a_dns_name_is_compared_without_case(clients: Clients, verdict: Verdict, dns_name: str) -> None:
    caller = clients.named("partner-bearer", alternative_names=[x509.DNSName(dns_name)])
    verdict.accepted(caller.asks(), ISSUED)


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("alternative_names", DIFFERENT_DNS_NAMES)
def test_another_dns_name_is_refused(
    clients: Clients, verdict: Verdict, alternative_names: list[x509.GeneralName]
) -> None:
    further = [x509.DNSName("further.example"), x509.DNSName("partner.example")]
    verdict.accepted(clients.named("partner-bearer", alternative_names=further).asks(), ISSUED)
    exchange = clients.named("partner-bearer", alternative_names=alternative_names).asks()
    event = verdict.refused(exchange, 401, "invalid_client", "client.san-dns")
    assert event["detail"]["expected"] == "partner.example"


@pytest.mark.usefixtures("registered")
@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("uri", DIFFERENT_URIS)
def test_a_uri_is_compared_exactly(clients: Clients, verdict: Verdict, uri: str | None) -> None:
    right = [x509.UniformResourceIdentifier(CLIENT_URI)]
    verdict.accepted(clients.named(BY_URI, alternative_names=right).asks(), ISSUED)
    presented = [x509.UniformResourceIdentifier(uri)] if uri else []
    exchange = clients.named(BY_URI, alternative_names=presented).asks()
    verdict.refused(exchange, 401, "invalid_client", "client.san-uri")


@pytest.mark.usefixtures("registered")
@pytest.mark.clause("RFC 5952 §8")
@pytest.mark.parametrize(
    ("client_id", "registered_ip", "names"),
    [
        pytest.param(BY_IPV4, CLIENT_IPV4, *each.values, id=f"IPv4: {each.id}")
        for each in DIFFERENT_IPV4_ADDRESSES
    ]
    + [
        pytest.param(BY_IPV6, CLIENT_IPV6, *each.values, id=f"IPv6: {each.id}")
        for each in DIFFERENT_IPV6_ADDRESSES
    ],
)
def test_an_ip_address_is_compared_octet_by_octet(
    clients: Clients,
    verdict: Verdict,
    client_id: str,
    registered_ip: str,
    names: list[x509.GeneralName],
) -> None:
    right = [address("198.51.100.7"), address(registered_ip)]
    verdict.accepted(clients.named(client_id, alternative_names=right).asks(), ISSUED)
    exchange = clients.named(client_id, alternative_names=names).asks()
    event = verdict.refused(exchange, 401, "invalid_client", "client.san-ip")
    assert event["detail"]["expected"] == registered_ip


@pytest.mark.usefixtures("registered")
@pytest.mark.clause("RFC 5280 §7.5")
@pytest.mark.parametrize("names", DIFFERENT_MAILBOXES)
def test_a_mailbox_is_compared_exactly_but_for_the_case_of_its_domain(
    clients: Clients, verdict: Verdict, names: list[x509.GeneralName]
) -> None:
    right = [x509.RFC822Name("Treasury@Partner.Example")]
    verdict.accepted(clients.named(BY_MAILBOX, alternative_names=right).asks(), ISSUED)
    exchange = clients.named(BY_MAILBOX, alternative_names=names).asks()
    verdict.refused(exchange, 401, "invalid_client", "client.san-email")
