from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.core import certificate_checks as checks
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.rules import Rule
from sender_constraint.resource_server.binding_certificate import (
    FOREIGN,
    AcceptForeign,
    verify_binding_certificate,
)
from tests.sender_constraint.flawed_certificates import (
    PARTNER,
    REFUSED,
    SCHEME,
    SECOND,
    SELF_SIGNED,
    foreign_leaf,
)
from tests.sender_constraint.pki import NOW, Issued, issue
from tests.sender_constraint.statuses import Statuses

# Neither by name nor by key identifier do these claim to be of an authority of the scheme.
FOREIGN_IN_TRUTH = ("issued by a client", "below a path length of 0")
CLAIMING = {name: case for name, case in REFUSED.items() if name not in FOREIGN_IN_TRUTH}


def bind(
    certificates: Sequence[bytes], *, accept_foreign: AcceptForeign = True
) -> checks.VerifiedCertificate:
    return verify_binding_certificate(
        certificates, SCHEME.anchors, Statuses(), NOW, InvalidToken, accept_foreign=accept_foreign
    )


@pytest.mark.clause("RFC 8705 §3")
def test_a_certificate_of_the_scheme_binds() -> None:
    assert bind([PARTNER.der]).chain[-1] == SCHEME.root.certificate


@pytest.mark.clause("RFC 8705 §4")
def test_a_public_clients_own_certificate_binds_unless_a_setting_refuses_all_others() -> None:
    for foreign in (SELF_SIGNED, foreign_leaf(), issue(None, subject="no usage", usages=None)):
        assert bind([foreign.der]).chain == ()
        with pytest.raises(InvalidToken) as refused:
            bind([foreign.der], accept_foreign=False)
        assert refused.value.rule is FOREIGN
    assert bind([PARTNER.der], accept_foreign=False).chain


@pytest.mark.clause("RFC 8705 §4")
def test_of_certificates_from_outside_a_setting_accepts_those_that_nobody_issued() -> None:
    assert bind([SELF_SIGNED.der], accept_foreign="self-signed").chain == ()
    forged = issue(issue(None, subject="partner"), subject="partner")
    for other in (foreign_leaf(), forged):
        with pytest.raises(InvalidToken) as refused:
            bind([other.der], accept_foreign="self-signed")
        assert refused.value.rule is FOREIGN


@pytest.mark.parametrize(("make", "rule"), CLAIMING.values(), ids=CLAIMING)
def test_what_claims_to_be_of_the_scheme_binds_only_as_such(make: Callable[[], Issued], rule: Rule) -> None:
    with pytest.raises(InvalidToken) as refused:
        bind([make().der])
    assert refused.value.rule is rule


def test_whoever_issues_below_the_schemes_clients_is_foreign() -> None:
    for name in FOREIGN_IN_TRUTH:
        assert bind([REFUSED[name][0]().der]).chain == ()


def test_a_foreign_certificate_that_binds_must_be_in_its_validity() -> None:
    for own, rule in (
        (issue(None, not_before=NOW + SECOND), checks.NOT_YET_VALID),
        (issue(None, not_after=NOW - SECOND), checks.EXPIRED),
    ):
        with pytest.raises(InvalidToken) as refused:
            bind([own.der])
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


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(PARTNER.der) - 1), st.binary(min_size=1, max_size=4))
def test_a_damaged_certificate_raises_nothing_but_a_refusal(position: int, octets: bytes) -> None:
    damaged = PARTNER.der[:position] + octets + PARTNER.der[position + len(octets) :]
    try:
        verified = bind([damaged])
    except InvalidToken:
        return
    # Damage may leave the names and identifiers of another authority: then it is only a foreign one.
    assert damaged == PARTNER.der or verified.chain == ()
