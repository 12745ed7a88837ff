from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sender_constraint.core import certificate_checks
from sender_constraint.core.certificate_checks import VerifiedCertificate
from sender_constraint.core.confirmation import Confirmation
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.rules import Rule
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.resource_server import binding, binding_certificate
from sender_constraint.resource_server.access_token import VerifiedToken
from sender_constraint.resource_server.binding import BoundToken, check_binding
from tests.sender_constraint.pki import NOW, SERVER, issue, make_scheme
from tests.sender_constraint.resource_server.tokens import claims, sign, verifier
from tests.sender_constraint.statuses import Statuses

SCHEME = make_scheme()
PARTNER = issue(SCHEME.issuing)
THIEF = issue(SCHEME.issuing, subject="thief")
PUBLIC_CLIENT = issue(None, subject="public client")


def token_for(der: bytes) -> VerifiedToken:
    return verifier().verify(sign(claims(cnf={"x5t#S256": certificate_thumbprint(der)})))


def bind(
    token: VerifiedToken, certificates: Sequence[bytes], now: datetime = NOW, *, accept_foreign: bool = True
) -> BoundToken:
    return check_binding(token, certificates, SCHEME.anchors, Statuses(), now, accept_foreign=accept_foreign)


def assert_refused(rule: Rule, token: VerifiedToken, certificates: Sequence[bytes]) -> InvalidToken:
    assert bind(token_for(PARTNER.der), [PARTNER.der])
    with pytest.raises(InvalidToken) as refused:
        bind(token, certificates)
    assert refused.value.rule is rule
    assert refused.value.status == 401
    return refused.value


@pytest.mark.clause("RFC 8705 §3")
def test_the_certificate_that_a_token_is_bound_to_proves_its_sender() -> None:
    token = token_for(PARTNER.der)
    bound = bind(token, [PARTNER.der])
    assert bound.token is token
    assert isinstance(bound.proof, VerifiedCertificate)
    assert bound.proof.certificate == PARTNER.certificate


@pytest.mark.clause("RFC 8705 §3")
def test_another_certificate_of_the_scheme_is_refused_and_both_thumbprints_are_told_inside() -> None:
    refusal = assert_refused(binding.OTHER_CERTIFICATE, token_for(PARTNER.der), [THIEF.der])
    assert refusal.detail == {
        "expected": certificate_thumbprint(PARTNER.der),
        "presented": certificate_thumbprint(THIEF.der),
    }
    assert refusal.description == "The access token is bound to another certificate"


def test_the_certificate_is_the_first_one_presented_and_no_other() -> None:
    assert_refused(binding.OTHER_CERTIFICATE, token_for(PARTNER.der), [THIEF.der, PARTNER.der])


@pytest.mark.clause("RFC 8705 §3")
def test_a_bound_token_without_a_certificate_is_refused() -> None:
    assert_refused(binding.CERTIFICATE_MISSING, token_for(PARTNER.der), [])


def test_a_bearer_token_is_refused_with_a_certificate_and_without() -> None:
    bearer = replace(token_for(PARTNER.der), confirmation=None)
    assert_refused(binding.UNBOUND, bearer, [PARTNER.der])
    assert_refused(binding.UNBOUND, bearer, [])


def test_a_self_made_certificate_with_the_partners_subject_and_issuer_is_refused_for_its_chain() -> None:
    self_made = issue(None, claimed_issuer=SCHEME.issuing)
    assert self_made.certificate.subject == PARTNER.certificate.subject
    assert_refused(certificate_checks.CHAIN, token_for(PARTNER.der), [self_made.der])


def test_a_self_made_certificate_with_the_partners_subject_only_is_refused_for_its_thumbprint() -> None:
    assert_refused(binding.OTHER_CERTIFICATE, token_for(PARTNER.der), [issue(None).der])


def test_even_the_right_certificate_is_refused_outside_its_validity() -> None:
    token = token_for(PARTNER.der)
    for now, rule in (
        (NOW + timedelta(hours=1, seconds=1), certificate_checks.EXPIRED),
        (NOW - timedelta(hours=1, seconds=1), certificate_checks.NOT_YET_VALID),
    ):
        with pytest.raises(InvalidToken) as refused:
            bind(token, [PARTNER.der], now)
        assert refused.value.rule is rule


def test_even_the_right_certificate_is_refused_for_another_purpose() -> None:
    server = issue(SCHEME.issuing, usages=SERVER)
    assert_refused(certificate_checks.PURPOSE_WRONG, token_for(server.der), [server.der])


@pytest.mark.clause("RFC 8705 §4")
def test_a_public_clients_own_certificate_binds_where_the_setting_allows_it() -> None:
    token = token_for(PUBLIC_CLIENT.der)
    assert bind(token, [PUBLIC_CLIENT.der]).token is token
    with pytest.raises(InvalidToken) as refused:
        bind(token, [PUBLIC_CLIENT.der], accept_foreign=False)
    assert refused.value.rule is binding_certificate.FOREIGN


@pytest.mark.clause("RFC 8705 §3.1")
def test_the_same_bytes_in_another_spelling_match_nothing() -> None:
    thumbprint = certificate_thumbprint(PARTNER.der)
    spelt_otherwise = thumbprint[:-1] + chr(ord(thumbprint[-1]) + 1)
    token = replace(token_for(PARTNER.der), confirmation=Confirmation("x5t#S256", spelt_otherwise))
    assert_refused(binding.OTHER_CERTIFICATE, token, [PARTNER.der])
