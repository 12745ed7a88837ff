from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint import certificate_checks as checks
from sender_constraint.errors import InvalidClient, InvalidToken, Refusal
from sender_constraint.rules import Rule
from sender_constraint.thumbprints import certificate_thumbprint
from tests.sender_constraint.pki import NOW, SERVER, Issued, Scheme, issue, make_scheme

SCHEME = make_scheme()
PARTNER = issue(SCHEME.issuing)
SELF_SIGNED = issue(None, subject="public client")
SECOND = timedelta(seconds=1)


def authenticate(certificates: Sequence[bytes], scheme: Scheme = SCHEME) -> checks.VerifiedCertificate:
    return checks.verify_client_certificate(certificates, scheme.anchors, NOW, InvalidClient)


def bind(certificates: Sequence[bytes], *, accept_foreign: bool = True) -> checks.VerifiedCertificate:
    return checks.verify_binding_certificate(
        certificates, SCHEME.anchors, NOW, InvalidToken, accept_foreign=accept_foreign
    )


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


def foreign_leaf() -> Issued:
    return issue(make_scheme("Foreign").issuing)


def same_names_other_keys() -> Issued:
    return issue(make_scheme("Scheme").issuing)


def forged_in_the_issuers_name() -> Issued:
    return issue(None, claimed_issuer=SCHEME.issuing)


REFUSED: dict[str, tuple[Callable[[], Issued], Rule]] = {
    "not yet valid": (lambda: issue(SCHEME.issuing, not_before=NOW + SECOND), checks.NOT_YET_VALID),
    "expired": (lambda: issue(SCHEME.issuing, not_after=NOW - SECOND), checks.EXPIRED),
    "no purpose": (lambda: issue(SCHEME.issuing, usages=None), checks.PURPOSE_MISSING),
    "a server's purpose": (lambda: issue(SCHEME.issuing, usages=SERVER), checks.PURPOSE_WRONG),
    "any purpose": (
        lambda: issue(SCHEME.issuing, usages=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
        checks.PURPOSE_WRONG,
    ),
    "an authority": (
        lambda: issue(SCHEME.root, authority=True, usages=[ExtendedKeyUsageOID.CLIENT_AUTH]),
        checks.IS_AUTHORITY,
    ),
    "below a path length of 0": (
        lambda: issue(issue(SCHEME.issuing, subject="Sub", authority=True)),
        checks.CHAIN,
    ),
    "issued by a client": (lambda: issue(PARTNER), checks.CHAIN),
    "forged in the issuer's name": (forged_in_the_issuers_name, checks.CHAIN),
    "of an authority with the same names": (same_names_other_keys, checks.CHAIN),
}


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
    assert refused.value.description == "The certificate does not lead to a trusted authority"
    assert refused.value.detail["problem"]
    assert refused.value.detail["issuer"].startswith("CN=")


def test_a_foreign_chain_that_is_presented_whole_is_refused() -> None:
    foreign = make_scheme("Foreign")
    with pytest.raises(InvalidClient) as refused:
        authenticate([issue(foreign.issuing).der, foreign.issuing.der, foreign.root.der])
    assert refused.value.rule is checks.CHAIN


@pytest.mark.clause("RFC 5280 §4.1.2.5")
def test_validity_includes_both_of_its_ends() -> None:
    for ends in ({"not_before": NOW}, {"not_after": NOW}):
        assert authenticate([issue(SCHEME.issuing, **ends).der])


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
    for verify in (authenticate, bind):
        with pytest.raises(Refusal) as refused:
            verify([der])
        assert refused.value.rule is checks.MALFORMED
    with pytest.raises(InvalidClient) as refused_beside:
        authenticate([issue(SCHEME.issuing).der, der])
    assert refused_beside.value.rule is checks.MALFORMED


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
    for verify in (authenticate, bind):
        try:
            verified = verify([damaged])
        except Refusal:
            continue
        # Damage may leave the names and identifiers of another authority: then it is only a foreign one.
        assert damaged == PARTNER.der or verified.chain == ()


@pytest.mark.clause("RFC 8705 §3")
def test_a_certificate_of_the_scheme_binds() -> None:
    assert bind([PARTNER.der]).chain[-1] == SCHEME.root.certificate


@pytest.mark.clause("RFC 8705 §4")
def test_a_public_clients_own_certificate_binds_unless_a_setting_refuses_all_others() -> None:
    for foreign in (SELF_SIGNED, foreign_leaf(), issue(None, subject="no usage", usages=None)):
        assert bind([foreign.der]).chain == ()
        with pytest.raises(InvalidToken) as refused:
            bind([foreign.der], accept_foreign=False)
        assert refused.value.rule is checks.FOREIGN
    assert bind([PARTNER.der], accept_foreign=False).chain


@pytest.mark.parametrize(("make", "rule"), REFUSED.values(), ids=REFUSED)
def test_what_claims_to_be_of_the_scheme_binds_only_as_such(make: Callable[[], Issued], rule: Rule) -> None:
    if make in (REFUSED["issued by a client"][0], REFUSED["below a path length of 0"][0]):
        # Neither by name nor by key identifier does it claim an authority of the scheme.
        assert bind([make().der]).chain == ()
        return
    with pytest.raises(InvalidToken) as refused:
        bind([make().der])
    assert refused.value.rule is rule


def test_a_foreign_certificate_that_binds_must_be_in_its_validity() -> None:
    for ends, rule in (
        ({"not_before": NOW + SECOND}, checks.NOT_YET_VALID),
        ({"not_after": NOW - SECOND}, checks.EXPIRED),
    ):
        with pytest.raises(InvalidToken) as refused:
            bind([issue(None, **ends).der])
        assert refused.value.rule is rule


def test_either_the_issuers_name_or_its_key_identifier_makes_a_certificate_the_schemes() -> None:
    by_name = issue(None, issuer_name=SCHEME.issuing.certificate.subject, with_key_identifier=False)
    by_key = issue(None, claimed_issuer=SCHEME.issuing, issuer_name=SELF_SIGNED.certificate.subject)
    neither = issue(None, with_key_identifier=False)
    assert SCHEME.anchors.is_scheme_issued(by_name.certificate)
    assert SCHEME.anchors.is_scheme_issued(by_key.certificate)
    assert not SCHEME.anchors.is_scheme_issued(neither.certificate)


def test_no_certificate_binds_nothing() -> None:
    with pytest.raises(InvalidToken) as refused:
        bind([])
    assert refused.value.rule is checks.MISSING
