from collections.abc import Callable, Sequence

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.core import certificate_checks as checks
from sender_constraint.core.errors import InvalidClient, InvalidToken
from sender_constraint.core.rules import Rule
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.resource_server.binding_certificate import verify_binding_certificate
from tests.sender_constraint.flawed_certificates import (
    PARTNER,
    REFUSED,
    SCHEME,
    SECOND,
    SELF_SIGNED,
    foreign_leaf,
)
from tests.sender_constraint.pki import NOW, SERVER, Issued, Scheme, issue, make_scheme
from tests.sender_constraint.statuses import Statuses


def authenticate(certificates: Sequence[bytes], scheme: Scheme = SCHEME) -> checks.VerifiedCertificate:
    return checks.verify_client_certificate(certificates, scheme.anchors, NOW, InvalidClient)


@pytest.mark.clause("RFC 8705 §2.1")
def test_a_certificate_of_the_scheme_authenticates_a_client() -> None:
    verified = authenticate([PARTNER.der])
    assert verified.certificate == PARTNER.certificate
    assert verified.thumbprint == certificate_thumbprint(PARTNER.der)
    assert verified.chain == (PARTNER.certificate, SCHEME.issuing.certificate, SCHEME.root.certificate)


@pytest.mark.clause("RFC 8705 §2.1")
def test_issuers_may_be_presented_beside_it() -> None:
    assert (
        authenticate([PARTNER.der, SCHEME.issuing.der, SCHEME.root.der]).chain[-1] == SCHEME.root.certificate
    )


def test_an_intermediate_that_is_only_presented_completes_the_chain() -> None:
    regional = issue(SCHEME.root, subject="Regional", authority=True, path_length=0)
    leaf = issue(regional)
    assert authenticate([leaf.der, regional.der]).chain[1] == regional.certificate
    with pytest.raises(InvalidClient) as refused:
        authenticate([leaf.der])
    assert refused.value.rule is checks.CHAIN


def test_a_subject_alternative_name_is_no_condition() -> None:
    named = issue(SCHEME.issuing, alternative_names=[x509.DNSName("partner.example")])
    assert authenticate([named.der]).thumbprint != authenticate([PARTNER.der]).thumbprint


@pytest.mark.clause("RFC 5280 §6.1")
@pytest.mark.parametrize(("make", "rule"), REFUSED.values(), ids=REFUSED)
def test_a_client_certificate_with_one_thing_wrong_is_refused_for_that(
    make: Callable[[], Issued], rule: Rule
) -> None:
    assert authenticate([PARTNER.der])
    with pytest.raises(InvalidClient) as refused:
        authenticate([make().der])
    assert refused.value.rule is rule
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "make", [foreign_leaf, lambda: SELF_SIGNED], ids=["foreign authority", "self-signed"]
)
def test_a_client_certificate_of_a_foreign_authority_is_refused_with_the_reason_inside(
    make: Callable[[], Issued],
) -> None:
    with pytest.raises(InvalidClient) as refused:
        authenticate([make().der])
    assert refused.value.rule is checks.CHAIN
    assert refused.value.description == "The certificate does not chain to a trusted root"
    assert refused.value.detail["problem"]
    assert refused.value.detail["issuer"].startswith("CN=")


def test_a_foreign_chain_that_is_presented_whole_is_refused() -> None:
    foreign = make_scheme("Foreign")
    with pytest.raises(InvalidClient) as refused:
        authenticate([issue(foreign.issuing).der, foreign.issuing.der, foreign.root.der])
    assert refused.value.rule is checks.CHAIN


@pytest.mark.clause("RFC 5280 §4.1.2.5")
def test_validity_includes_both_of_its_ends() -> None:
    assert authenticate([issue(SCHEME.issuing, not_before=NOW).der])
    assert authenticate([issue(SCHEME.issuing, not_after=NOW).der])


def test_the_callers_error_is_the_one_that_is_raised() -> None:
    expired = issue(SCHEME.issuing, not_after=NOW - SECOND).certificate
    for error in (InvalidClient, InvalidToken):
        with pytest.raises(error):
            checks.check_validity(expired, NOW, error)


def test_another_purpose_can_be_asked_for() -> None:
    server = issue(SCHEME.issuing, usages=SERVER).certificate
    checks.check_purpose(server, InvalidClient, ExtendedKeyUsageOID.SERVER_AUTH)
    with pytest.raises(InvalidClient) as refused:
        checks.check_purpose(PARTNER.certificate, InvalidClient, ExtendedKeyUsageOID.SERVER_AUTH)
    assert refused.value.rule is checks.PURPOSE_WRONG


def test_the_chain_of_an_expired_certificate_can_be_checked_by_itself() -> None:
    expired = issue(SCHEME.issuing, not_after=NOW - SECOND)
    assert checks.check_chain(expired.certificate, (), SCHEME.anchors, NOW, InvalidClient)


def test_no_certificate_is_refused() -> None:
    with pytest.raises(InvalidClient) as refused:
        authenticate([])
    assert refused.value.rule is checks.MISSING


@pytest.mark.parametrize(
    "der",
    [b"", b"\x30\x00", b"x" * 100, PARTNER.der[:-1], PARTNER.der + b"\0", PARTNER.pem, b"\x30" * 20_000],
    ids=["nothing", "empty", "text", "cut", "trailing", "PEM", "large"],
)
def test_octets_that_are_no_certificate_are_refused(der: bytes) -> None:
    with pytest.raises(InvalidClient) as refused:
        authenticate([der])
    assert refused.value.rule is checks.MALFORMED
    with pytest.raises(InvalidClient) as refused_beside:
        authenticate([issue(SCHEME.issuing).der, der])
    assert refused_beside.value.rule is checks.MALFORMED


@pytest.mark.parametrize(
    "names", [b"\x30\x04\xa3\x02\x30\x00", b"\x30\x05\xa5\x03\xa1\x01\x00"], ids=["X.400", "EDI"]
)
@pytest.mark.parametrize("issuer", [SCHEME.issuing, None], ids=["of the scheme", "self-signed"])
def test_a_kind_of_name_that_cannot_be_read_is_refused(issuer: Issued | None, names: bytes) -> None:
    odd = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, names)
    with pytest.raises(InvalidClient) as refused:
        authenticate([issue(issuer, more=[odd]).der])
    assert refused.value.rule is checks.MALFORMED


@pytest.mark.clause("RFC 9325 §4.5")
@pytest.mark.parametrize(
    "key",
    [
        pytest.param(rsa.generate_private_key(65537, 1024), id="RSA 1024"),  # noqa: S505 - weak on purpose
        pytest.param(rsa.generate_private_key(65537, 2040), id="RSA 2040"),  # noqa: S505
        pytest.param(dsa.generate_private_key(2048), id="DSA"),
        pytest.param(ec.generate_private_key(ec.SECP192R1()), id="P-192"),
    ],
)
@pytest.mark.parametrize("issuer", [SCHEME.issuing, None], ids=["of the scheme", "self-signed"])
def test_a_certificate_with_a_weak_key_is_refused_even_if_an_authority_issued_it(
    key: rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey, issuer: Issued | None
) -> None:
    weak = issue(issuer, public_key=key.public_key())
    with pytest.raises(InvalidClient) as refused:
        authenticate([weak.der])
    assert refused.value.rule is checks.KEY
    with pytest.raises(InvalidToken) as unbound:
        verify_binding_certificate(
            [weak.der], SCHEME.anchors, Statuses(), NOW, InvalidToken, accept_foreign=True
        )
    assert unbound.value.rule is checks.KEY


@pytest.mark.clause("RFC 9325 §4.5")
@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(rsa.RSAPublicNumbers(65537, 2**16383 + 1), id="RSA 16384"),
        pytest.param(rsa.RSAPublicNumbers(65537, 2**4096 + 1), id="RSA 4097"),
        pytest.param(rsa.RSAPublicNumbers(2**3070 + 1, 2**3071 + 1), id="an exponent of 3071 bits"),
    ],
)
def test_a_key_with_which_a_signature_takes_long_to_check_is_refused_as_an_issuers_too(
    numbers: rsa.RSAPublicNumbers,
) -> None:
    longest = rsa.RSAPublicNumbers(2**32 - 1, 2**4096 - 1).public_key()
    assert authenticate([issue(SCHEME.issuing, public_key=longest).der])
    costly = numbers.public_key()
    with pytest.raises(InvalidClient) as refused:
        authenticate([issue(SCHEME.issuing, public_key=costly).der])
    assert refused.value.rule is checks.KEY
    issuer = issue(SCHEME.root, subject="Costly", authority=True, public_key=costly)
    with pytest.raises(InvalidClient) as refused:
        authenticate([foreign_leaf().der, issuer.der])
    assert refused.value.rule is checks.KEY


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(rsa.generate_private_key(65537, 2048), id="RSA 2048"),
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), id="Ed25519"),
    ],
)
def test_keys_of_other_kinds_authenticate_too(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    assert authenticate([issue(SCHEME.issuing, public_key=key.public_key()).der])


def test_too_many_certificates_are_refused() -> None:
    presented = [PARTNER.der] + [SCHEME.issuing.der] * checks.MAX_PRESENTED_CERTIFICATES
    with pytest.raises(InvalidClient) as refused:
        authenticate(presented)
    assert refused.value.rule is checks.CHAIN
    assert authenticate(presented[:-1])


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(PARTNER.der) - 1), st.binary(min_size=1, max_size=4))
def test_a_damaged_certificate_raises_nothing_but_a_refusal(position: int, octets: bytes) -> None:
    damaged = PARTNER.der[:position] + octets + PARTNER.der[position + len(octets) :]
    try:
        authenticate([damaged])
    except InvalidClient:
        return
    assert damaged == PARTNER.der
