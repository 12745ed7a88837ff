"""RFC 8705 §2 and §2.1: a client authenticates by its certificate, in exactly one way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from authserver.clients.models import Client
from authserver.clients.registered_client import RegisteredClient
from tests.authserver.caller import Caller, Verdict
from tests.authserver.conftest import PARTNER, PARTNER_DN, PARTNER_SANS
from tests.authserver.names_that_differ import (
    CLIENT_IPV4,
    CLIENT_IPV6,
    CLIENT_MAILBOX,
    CLIENT_URI,
    DIFFERENT_DNS_NAMES,
    DIFFERENT_IPV4_ADDRESSES,
    DIFFERENT_IPV6_ADDRESSES,
    DIFFERENT_MAILBOXES,
    DIFFERENT_SUBJECTS,
    DIFFERENT_URIS,
    VALID,
    C,
    address,
    name_of,
)
from tests.sender_constraint.pki import NOW, SERVER, Issued, Scheme, issue, make_scheme

Registers = Callable[..., RegisteredClient]

FAILED = "Client authentication failed"


@pytest.fixture
def other_certificate(scheme: Scheme) -> Issued:
    return issue(
        scheme.issuing, subject="other-partner", alternative_names=[x509.DNSName("other-partner.example")]
    )


@pytest.mark.clause("RFC 8705 §2")
def test_a_missing_client_id_is_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    verdict.refused(partner.asks(client_id=None), 400, "invalid_request", "token-request.client-id")


@pytest.mark.clause("RFC 8705 §2")
def test_a_connection_without_a_certificate_is_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    response = partner.with_certificate().asks()
    verdict.refused(response, 401, "invalid_client", "certificate.missing")
    assert "WWW-Authenticate" not in response.headers


@pytest.mark.parametrize(
    "header", ["Client-Cert", "X-Client-Cert", "X-SSL-Client-Cert", "X-Forwarded-Client-Cert"]
)
def test_a_certificate_in_a_header_authenticates_nobody(
    partner: Caller, partner_certificate: Issued, verdict: Verdict, header: str
) -> None:
    verdict.accepted(partner.asks())
    claim = partner_certificate.pem.decode().replace("\n", "")
    response = partner.with_certificate().but(headers={header: claim}).asks()
    verdict.refused(response, 401, "invalid_client", "certificate.missing")
    assert any(event["event"] == "peer.certificate_header_ignored" for event in verdict.trail.events())


@pytest.mark.clause("RFC 6749 §5.2")
def test_an_unknown_client_is_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    event = verdict.refused(partner.asks(client_id="nobody"), 401, "invalid_client", "client.known")
    assert event["client_id"] == "nobody"


@pytest.mark.clause("RFC 8705 §2.1.2")
def test_the_certificate_of_another_client_is_refused(
    partner: Caller, other_certificate: Issued, verdict: Verdict
) -> None:
    verdict.accepted(partner.asks())
    response = partner.with_certificate(other_certificate).asks()
    event = verdict.refused(response, 401, "invalid_client", "client.subject-dn")
    assert event["detail"]["expected"] == PARTNER_DN
    assert event["detail"]["presented"] == "CN=other-partner"


def test_an_unknown_client_and_a_wrong_certificate_cannot_be_told_apart(
    partner: Caller, other_certificate: Issued
) -> None:
    stranger = partner.with_certificate(other_certificate)
    wrong_certificate, unknown_client = stranger.asks(), stranger.asks(client_id="nobody")
    assert wrong_certificate.content == unknown_client.content
    assert wrong_certificate.status_code == unknown_client.status_code == 401
    varying = {"x-fapi-interaction-id"}
    assert {k.lower() for k in wrong_certificate.headers} == {k.lower() for k in unknown_client.headers}
    for name, value in wrong_certificate.headers.items():
        assert name.lower() in varying or unknown_client.headers[name] == value


@pytest.mark.clause("RFC 8705 §2.1")
def test_a_client_registered_for_another_method_is_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    Client.objects.filter(client_id="partner").update(token_endpoint_auth_method="private_key_jwt")
    verdict.refused(partner.asks(), 401, "invalid_client", "client.registered-method")


ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECOND_WAYS: list[dict[str, Any]] = [
    {"client_secret": "secret"},
    {"client_assertion": "a.b.c"},
    {"client_assertion_type": ASSERTION_TYPE},
    {"client_assertion": "a.b.c", "client_assertion_type": ASSERTION_TYPE},
]


@pytest.mark.clause("RFC 6749 §2.3")
@pytest.mark.parametrize("second", SECOND_WAYS)
def test_a_second_identity_in_the_form_is_refused(
    partner: Caller, verdict: Verdict, second: dict[str, Any]
) -> None:
    verdict.accepted(partner.asks())
    verdict.refused(partner.asks(**second), 400, "invalid_request", "client.one-method")


@pytest.mark.clause("RFC 6749 §2.3")
@pytest.mark.parametrize(
    "authorization", ["Basic cGFydG5lcjpzZWNyZXQ=", "Bearer x", "DPoP x", "", "\tNonsense"]
)
def test_a_second_identity_in_the_authorization_header_is_refused(
    partner: Caller, verdict: Verdict, authorization: str
) -> None:
    verdict.accepted(partner.asks())
    response = partner.but(headers={"Authorization": authorization}).asks()
    event = verdict.refused(response, 400, "invalid_request", "client.one-method")
    assert event["detail"]["presented"] == ["Authorization"]


@pytest.mark.clause("RFC 6749 §2.3")
@pytest.mark.parametrize("other", SECOND_WAYS[:1])
def test_another_method_instead_of_the_certificate_is_refused(
    partner: Caller, verdict: Verdict, other: dict[str, Any]
) -> None:
    verdict.accepted(partner.asks())
    response = partner.with_certificate().asks(**other)
    verdict.refused(response, 401, "invalid_client", "client.method-supported")
    assert "WWW-Authenticate" not in response.headers


@pytest.mark.clause("RFC 6749 §5.2")
@pytest.mark.parametrize("scheme_name", ["Basic", "Bearer"])
def test_a_client_that_used_the_authorization_header_is_challenged_in_its_scheme(
    partner: Caller, verdict: Verdict, scheme_name: str
) -> None:
    verdict.accepted(partner.asks())
    response = partner.with_certificate().but(headers={"Authorization": f"{scheme_name} x"}).asks()
    verdict.refused(response, 401, "invalid_client", "client.method-supported")
    assert response.headers["WWW-Authenticate"] == f'{scheme_name} realm="token"'


@pytest.mark.clause("RFC 8705 §2.1")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"not_after": NOW - timedelta(seconds=1)}, "certificate.expired"),
        ({"not_before": NOW + timedelta(seconds=1)}, "certificate.not-yet-valid"),
        ({"usages": SERVER}, "certificate.purpose-wrong"),
        ({"usages": None}, "certificate.purpose-missing"),
        ({"usages": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]}, "certificate.purpose-wrong"),
        ({"authority": True, "usages": [ExtendedKeyUsageOID.CLIENT_AUTH]}, "certificate.is-authority"),
    ],
)
def test_a_certificate_that_is_not_a_valid_clients_is_refused(
    partner: Caller, scheme: Scheme, verdict: Verdict, changes: dict[str, Any], rule: str
) -> None:
    valid: dict[str, Any] = {"subject": PARTNER, "alternative_names": PARTNER_SANS}
    verdict.accepted(partner.with_certificate(issue(scheme.issuing, **valid)).asks())
    response = partner.with_certificate(issue(scheme.issuing, **valid, **changes)).asks()
    verdict.refused(response, 401, "invalid_client", rule)


@pytest.mark.clause("RFC 8705 §2.1")
def test_a_chain_to_a_foreign_authority_is_refused(partner: Caller, scheme: Scheme, verdict: Verdict) -> None:
    foreign = make_scheme()  # of the same names
    verdict.accepted(partner.with_certificate(issue(scheme.issuing, subject=PARTNER)).asks())
    certificate = issue(foreign.issuing, subject=PARTNER)
    response = partner.with_certificate(certificate, foreign.issuing, foreign.root).asks()
    verdict.refused(response, 401, "invalid_client", "certificate.chain")


@pytest.mark.clause("RFC 8705 §2.1")
def test_a_self_made_certificate_with_the_partners_subject_is_refused(
    partner: Caller, verdict: Verdict
) -> None:
    verdict.accepted(partner.asks())
    response = partner.with_certificate(issue(None, subject=PARTNER, alternative_names=PARTNER_SANS)).asks()
    verdict.refused(response, 401, "invalid_client", "certificate.chain")


def test_a_certificate_that_names_the_issuing_authority_without_its_signature_is_refused(
    partner: Caller, scheme: Scheme, verdict: Verdict
) -> None:
    verdict.accepted(partner.asks())
    forged = issue(None, subject=PARTNER, claimed_issuer=scheme.issuing)
    verdict.refused(partner.with_certificate(forged).asks(), 401, "invalid_client", "certificate.chain")


def test_a_remembered_chain_ends_with_the_certificate(
    partner: Caller, verdict: Verdict, now: list[Any]
) -> None:
    verdict.accepted(partner.asks())
    now[0] = NOW + timedelta(hours=1, seconds=1)
    verdict.refused(partner.asks(), 401, "invalid_client", "certificate.expired")


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("subject", DIFFERENT_SUBJECTS)
def test_a_subject_that_differs_in_one_way_is_refused(
    partner: Caller, scheme: Scheme, verdict: Verdict, subject: x509.Name
) -> None:
    verdict.accepted(partner.with_certificate(issue(scheme.issuing, subject=name_of(*VALID))).asks())
    # An empty subject is a valid certificate's only where it has other names.
    certificate = issue(scheme.issuing, subject=subject, alternative_names=PARTNER_SANS)
    response = partner.with_certificate(certificate).asks()
    event = verdict.refused(response, 401, "invalid_client", "client.subject-dn")
    assert event["detail"]["difference"]
    assert response.json()["error_description"] == FAILED


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize(
    "registered_dn",
    [
        pytest.param("cn=partner,o=Partner Ltd,c=GB", id="short names in lower case"),
        pytest.param("2.5.4.3=partner,2.5.4.10=Partner Ltd,2.5.4.6=GB", id="types by OID"),
        pytest.param("CN=partner, O=Partner Ltd, C=GB", id="spaces before types"),
        pytest.param("CN=#0c07706172746e6572,O=Partner Ltd,C=GB", id="a value in hexadecimal BER"),
        pytest.param("CN=p\\61rtner,O=Partner Ltd,C=GB", id="a value with an escape"),
    ],
)
def test_another_spelling_of_the_same_subject_is_accepted(
    partner: Caller, registered: Registers, verdict: Verdict, registered_dn: str
) -> None:
    registered(tls_client_auth_subject_dn=registered_dn)
    verdict.accepted(partner.asks())


@pytest.mark.clause("RFC 8705 §2.1.2")
def test_the_string_type_of_a_value_does_not_matter(
    partner: Caller, scheme: Scheme, verdict: Verdict
) -> None:
    subject = x509.Name([x509.NameAttribute(oid, value, _ASN1Type.PrintableString) for oid, value in VALID])
    verdict.accepted(partner.with_certificate(issue(scheme.issuing, subject=subject)).asks())


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("name", ["partner.example", "PARTNER.example", "Partner.Example"])
def test_a_dns_name_is_compared_without_case(
    partner: Caller, registered: Registers, scheme: Scheme, verdict: Verdict, name: str
) -> None:
    registered(tls_client_auth_subject_dn=None, tls_client_auth_san_dns="partner.example")
    names = [x509.DNSName("another.example"), x509.DNSName(name)]
    verdict.accepted(partner.with_certificate(issue(scheme.issuing, alternative_names=names)).asks())


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("names", DIFFERENT_DNS_NAMES)
def test_a_dns_name_that_differs_in_one_way_is_refused(
    partner: Caller, registered: Registers, scheme: Scheme, verdict: Verdict, names: list[x509.GeneralName]
) -> None:
    registered(tls_client_auth_subject_dn=None, tls_client_auth_san_dns="partner.example")
    subject = "partner.example"
    good = issue(scheme.issuing, subject=subject, alternative_names=[x509.DNSName("partner.example")])
    verdict.accepted(partner.with_certificate(good).asks())
    response = partner.with_certificate(
        issue(scheme.issuing, subject=subject, alternative_names=names)
    ).asks()
    event = verdict.refused(response, 401, "invalid_client", "client.san-dns")
    assert event["detail"]["expected"] == "partner.example"
    assert response.json()["error_description"] == FAILED


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("uri", DIFFERENT_URIS)
def test_a_uri_that_differs_in_one_way_is_refused(
    partner: Caller, registered: Registers, scheme: Scheme, verdict: Verdict, uri: str | None
) -> None:
    expected = CLIENT_URI
    registered(tls_client_auth_subject_dn=None, tls_client_auth_san_uri=expected)
    good = issue(scheme.issuing, alternative_names=[x509.UniformResourceIdentifier(expected)])
    verdict.accepted(partner.with_certificate(good).asks())
    names = [x509.UniformResourceIdentifier(uri)] if uri else [x509.DNSName("partner.example")]
    response = partner.with_certificate(issue(scheme.issuing, alternative_names=names)).asks()
    event = verdict.refused(response, 401, "invalid_client", "client.san-uri")
    assert event["detail"]["expected"] == expected


@pytest.mark.clause("RFC 5952 §8")
@pytest.mark.parametrize("registered_ip", ["2001:db8::1", CLIENT_IPV6, "2001:0db8::0.0.0.1"])
def test_however_an_ipv6_address_is_written_its_octets_are_compared(
    partner: Caller, registered: Registers, scheme: Scheme, verdict: Verdict, registered_ip: str
) -> None:
    registered(tls_client_auth_subject_dn=None, tls_client_auth_san_ip=registered_ip)
    names = [address("192.0.2.9"), address("2001:db8::1")]
    verdict.accepted(partner.with_certificate(issue(scheme.issuing, alternative_names=names)).asks())


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize(
    ("expected", "names"),
    [pytest.param(CLIENT_IPV4, *each.values, id=f"IPv4: {each.id}") for each in DIFFERENT_IPV4_ADDRESSES]
    + [pytest.param(CLIENT_IPV6, *each.values, id=f"IPv6: {each.id}") for each in DIFFERENT_IPV6_ADDRESSES],
)
def test_an_ip_address_that_differs_in_one_way_is_refused(
    partner: Caller,
    registered: Registers,
    scheme: Scheme,
    verdict: Verdict,
    expected: str,
    names: list[x509.GeneralName],
) -> None:
    registered(tls_client_auth_subject_dn=None, tls_client_auth_san_ip=expected)
    good = issue(scheme.issuing, alternative_names=[address(expected)])
    verdict.accepted(partner.with_certificate(good).asks())
    response = partner.with_certificate(issue(scheme.issuing, alternative_names=names)).asks()
    event = verdict.refused(response, 401, "invalid_client", "client.san-ip")
    assert event["detail"]["expected"] == expected
    assert response.json()["error_description"] == FAILED


@pytest.mark.clause("RFC 5280 §7.5")
@pytest.mark.parametrize("mailbox", [CLIENT_MAILBOX, "Treasury@PARTNER.example"])
def test_the_domain_of_a_mailbox_is_compared_without_case(
    partner: Caller, registered: Registers, scheme: Scheme, verdict: Verdict, mailbox: str
) -> None:
    registered(tls_client_auth_subject_dn=None, tls_client_auth_san_email=CLIENT_MAILBOX)
    names = [x509.RFC822Name("another@partner.example"), x509.RFC822Name(mailbox)]
    verdict.accepted(partner.with_certificate(issue(scheme.issuing, alternative_names=names)).asks())


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize("names", DIFFERENT_MAILBOXES)
def test_a_mailbox_that_differs_in_one_way_is_refused(
    partner: Caller, registered: Registers, scheme: Scheme, verdict: Verdict, names: list[x509.GeneralName]
) -> None:
    registered(tls_client_auth_subject_dn=None, tls_client_auth_san_email=CLIENT_MAILBOX)
    # Where a certificate has an emailAddress in its subject, that is no rfc822Name.
    subject = name_of((C, "GB"), (NameOID.EMAIL_ADDRESS, CLIENT_MAILBOX))
    good = issue(scheme.issuing, subject=subject, alternative_names=[x509.RFC822Name(CLIENT_MAILBOX)])
    verdict.accepted(partner.with_certificate(good).asks())
    other = issue(scheme.issuing, subject=subject, alternative_names=names)
    response = partner.with_certificate(other).asks()
    event = verdict.refused(response, 401, "invalid_client", "client.san-email")
    assert event["detail"]["expected"] == CLIENT_MAILBOX
    assert response.json()["error_description"] == FAILED
