"""Names that differ from a client's in one way each (RFC 8705 §2.1.2), by what differs."""

import ipaddress

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID


def name_of(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


C, CN = NameOID.COUNTRY_NAME, NameOID.COMMON_NAME
ORG, UNIT = NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME
VALID = ((C, "GB"), (ORG, "Partner Ltd"), (CN, "partner"))

CLIENT_DNS_NAME = "partner.example"
CLIENT_URI = "https://partner.example/a%7Eb"
CLIENT_IPV4 = "192.0.2.1"
CLIENT_IPV6 = "2001:DB8:0:0::1"
CLIENT_MAILBOX = "Treasury@partner.example"


def address(text: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_address(text))


DIFFERENT_SUBJECTS = [
    pytest.param(name_of(*reversed(VALID)), id="the order of the relative names"),
    pytest.param(name_of((C, "GB"), (ORG, "partner ltd"), (CN, "partner")), id="the case of a value"),
    pytest.param(name_of((C, "GB"), (ORG, "Partner  Ltd"), (CN, "partner")), id="a space within a value"),
    pytest.param(name_of((C, "GB"), (ORG, "Partner Ltd"), (CN, "partner ")), id="a space after a value"),
    pytest.param(name_of((C, "GB"), (ORG, "Partner Ltd"), (CN, "p\u0430rtner")), id="a Cyrillic letter"),
    pytest.param(name_of((C, "GB"), (ORG, "Partner Ltd"), (UNIT, "partner")), id="the type of an attribute"),
    pytest.param(name_of((C, "GB"), (ORG, "Partner Ltd")), id="a relative name less"),
    pytest.param(name_of(*VALID, (CN, "partner")), id="a relative name more"),
    pytest.param(name_of((C, "GB"), (ORG, "Partner Ltd,CN=partner")), id="a separator inside a value"),
    pytest.param(
        x509.Name(
            [
                x509.RelativeDistinguishedName([x509.NameAttribute(C, "GB")]),
                x509.RelativeDistinguishedName(
                    [x509.NameAttribute(ORG, "Partner Ltd"), x509.NameAttribute(CN, "partner")]
                ),
            ]
        ),
        id="two attributes in one relative name",
    ),
    pytest.param(x509.Name([]), id="no name at all"),
]

DIFFERENT_DNS_NAMES = [
    pytest.param([x509.DNSName("other.example")], id="another name"),
    pytest.param([x509.DNSName("partner.example.other.example")], id="a longer name"),
    pytest.param([x509.DNSName("x.partner.example")], id="a name below"),
    pytest.param([x509.DNSName("partner.example.")], id="a dot at the end"),
    pytest.param([x509.DNSName("*.example")], id="a wildcard"),
    pytest.param([x509.UniformResourceIdentifier("https://partner.example")], id="in a URI"),
    pytest.param([x509.RFC822Name("x@partner.example")], id="in an address"),
    pytest.param([], id="none, but the common name says so"),
]

DIFFERENT_URIS = [
    pytest.param("https://Partner.example/a%7Eb", id="the case of the host"),
    pytest.param("HTTPS://partner.example/a%7Eb", id="the case of the scheme"),
    pytest.param("https://partner.example/A%7Eb", id="the case of the path"),
    pytest.param("https://partner.example/a~b", id="percent-encoding"),
    pytest.param("https://partner.example/a%7eb", id="the case of percent-encoding"),
    pytest.param("https://partner.example:443/a%7Eb", id="the default port"),
    pytest.param("https://partner.example/a%7Eb/", id="a slash at the end"),
    pytest.param("https://partner.example/a%7Eb?", id="an empty query"),
    pytest.param(None, id="none"),
]

DIFFERENT_IPV4_ADDRESSES = [
    pytest.param([address("192.0.2.2")], id="another address"),
    pytest.param([address("::ffff:192.0.2.1")], id="mapped to IPv6"),
    pytest.param([address("::192.0.2.1")], id="embedded in IPv6"),
    pytest.param([x509.IPAddress(ipaddress.ip_network("192.0.2.1/32"))], id="as a network of one"),
    pytest.param([x509.IPAddress(ipaddress.ip_network("192.0.2.0/24"))], id="the network that it is in"),
    pytest.param([x509.DNSName("192.0.2.1")], id="as a DNS name"),
    pytest.param([x509.UniformResourceIdentifier("https://192.0.2.1")], id="in a URI"),
    pytest.param([x509.RFC822Name("x@192.0.2.1")], id="in a mailbox"),
    pytest.param([], id="none"),
]

DIFFERENT_IPV6_ADDRESSES = [
    pytest.param([address("2001:db8::2")], id="another address"),
    pytest.param([address("2001:db8:1::")], id="the same digits in another place"),
    pytest.param([address("0.0.0.1")], id="its last octets as IPv4"),
    pytest.param([x509.IPAddress(ipaddress.ip_network("2001:db8::1/128"))], id="as a network of one"),
    pytest.param([x509.DNSName("2001:db8::1")], id="as a DNS name"),
]

DIFFERENT_MAILBOXES = [
    pytest.param([x509.RFC822Name("treasury@partner.example")], id="the case of the local part"),
    pytest.param([x509.RFC822Name("Treasury+x@partner.example")], id="a tag after the local part"),
    pytest.param([x509.RFC822Name("x.Treasury@partner.example")], id="a longer local part"),
    pytest.param([x509.RFC822Name("Treasury@other.example")], id="another domain"),
    pytest.param([x509.RFC822Name("Treasury@x.partner.example")], id="a domain below"),
    pytest.param([x509.RFC822Name("Treasury@partner.example.")], id="a dot at the end"),
    # No library writes this one by itself; whoever writes certificates by hand can.
    pytest.param(
        [x509.RFC822Name._init_without_validation("Treasury@partner.example@other.example")], id="two domains"
    ),
    pytest.param([x509.RFC822Name("partner.example")], id="the domain alone"),
    pytest.param([x509.UniformResourceIdentifier("mailto:Treasury@partner.example")], id="in a URI"),
    pytest.param([x509.DNSName("Treasury@partner.example")], id="as a DNS name"),
    pytest.param([], id="none"),
]
