"""Names that differ from a client's in one way each (RFC 8705 §2.1.2), by what differs."""

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
