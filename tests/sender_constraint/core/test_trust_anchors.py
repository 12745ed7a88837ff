from datetime import timedelta

import pytest

from sender_constraint.core.certificate_checks import verify_client_certificate
from sender_constraint.core.errors import InvalidClient
from sender_constraint.core.trust_anchors import TrustAnchors, VerifiedChain, VerifiedChains
from tests.sender_constraint.pki import NOW, issue, make_scheme


def test_a_bundle_is_parted_into_anchors_and_intermediates_whatever_its_order() -> None:
    scheme = make_scheme()
    backwards = TrustAnchors.from_pem(scheme.issuing.pem + scheme.root.pem)
    assert backwards.anchors == scheme.anchors.anchors == (scheme.root.certificate,)
    assert backwards.intermediates == (scheme.issuing.certificate,)


@pytest.mark.parametrize(
    "bundle", [b"", b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_bundle_without_certificates_is_refused(bundle: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the text is that of cryptography
        TrustAnchors.from_pem(bundle)


def test_a_bundle_without_an_anchor_is_refused() -> None:
    with pytest.raises(ValueError, match="no self-issued certificate"):
        TrustAnchors.from_pem(make_scheme().issuing.pem)


def test_a_verified_chain_is_remembered_by_its_bytes_for_these_anchors_only() -> None:
    scheme, other = make_scheme(), make_scheme()
    partner = issue(scheme.issuing)
    first = verify_client_certificate([partner.der], scheme.anchors, NOW, InvalidClient)
    assert scheme.anchors.verified.recall([partner.der], NOW) is not None
    assert verify_client_certificate([partner.der], scheme.anchors, NOW, InvalidClient) == first
    assert other.anchors.verified.recall([partner.der], NOW) is None
    assert scheme.anchors.verified.recall([partner.der, scheme.issuing.der], NOW) is None
    with pytest.raises(InvalidClient):
        verify_client_certificate([partner.der], other.anchors, NOW, InvalidClient)


def test_a_remembered_chain_is_not_used_once_an_issuer_of_it_has_expired() -> None:
    scheme = make_scheme()
    day = timedelta(days=1)
    regional = issue(scheme.root, subject="Regional", authority=True, not_after=NOW + day)
    partner = issue(regional, not_after=NOW + 3 * day)
    presented = [partner.der, regional.der]
    assert verify_client_certificate(presented, scheme.anchors, NOW + day, InvalidClient)
    with pytest.raises(InvalidClient) as refused:
        verify_client_certificate(presented, scheme.anchors, NOW + 2 * day, InvalidClient)
    assert refused.value.rule.identifier == "certificate.chain"


def test_a_refused_chain_is_not_remembered() -> None:
    scheme = make_scheme()
    with pytest.raises(InvalidClient):
        verify_client_certificate([issue(None).der], scheme.anchors, NOW, InvalidClient)
    assert len(scheme.anchors.verified) == 0


def test_the_memory_is_bounded_and_forgets_the_one_least_recently_used() -> None:
    chain = VerifiedChain((make_scheme().root.certificate,))
    memory = VerifiedChains(limit=2)
    memory.remember([b"first"], chain)
    memory.remember([b"second"], chain)
    assert memory.recall([b"first"], NOW) is chain
    memory.remember([b"third"], chain)
    assert len(memory) == 2
    assert memory.recall([b"second"], NOW) is None
    assert memory.recall([b"first"], NOW) is chain


def test_two_sequences_of_the_same_bytes_are_kept_apart() -> None:
    chain = VerifiedChain((make_scheme().root.certificate,))
    memory = VerifiedChains()
    memory.remember([b"ab", b"c"], chain)
    assert memory.recall([b"a", b"bc"], NOW) is None
