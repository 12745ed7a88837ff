"""The element of a chain that failed, and how, as it is told in a refusal's private detail."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sender_constraint.core import chain_diagnosis as diagnosis
from sender_constraint.core.certificate_checks import CHAIN, check_chain, load_certificate
from sender_constraint.core.errors import InvalidClient
from tests.sender_constraint.pki import NOW, SERVER, Issued, Scheme, issue, make_scheme, name_of

SCHEME = make_scheme()
FOREIGN = make_scheme("Foreign")
Chain = Sequence[Issued]


def regional(**changes: Any) -> Issued:
    return issue(SCHEME.root, **{"subject": "Regional", "authority": True, "path_length": 0, **changes})


def missing_issuer() -> Chain:
    return [issue(regional())]


def unknown_anchor() -> Chain:
    return [issue(FOREIGN.issuing), FOREIGN.issuing, FOREIGN.root]


def made_by_itself() -> Chain:
    return [issue(None, subject="partner")]


def forged() -> Chain:
    return [issue(None, claimed_issuer=SCHEME.issuing)]


def of_a_namesake() -> Chain:
    namesake = issue(None, subject=SCHEME.issuing.certificate.subject, authority=True)
    return [issue(namesake), namesake]


def expired_intermediate() -> Chain:
    authority = regional(not_after=NOW - timedelta(seconds=12))
    return [issue(authority), authority]


def intermediate_of_tomorrow() -> Chain:
    authority = regional(not_before=NOW + timedelta(seconds=30))
    return [issue(authority), authority]


def below_a_path_length_of_0() -> Chain:
    authority = issue(SCHEME.issuing, subject="Sub", authority=True)
    return [issue(authority), authority]


def issued_by_a_client() -> Chain:
    client = issue(SCHEME.issuing, subject="client")
    return [issue(client), client]


def for_servers_only() -> Chain:
    authority = regional(usages=SERVER)
    return [issue(authority), authority]


def not_for_certificates() -> Chain:
    """An authority whose key usage leaves out keyCertSign, which ``issue`` never does."""
    made = regional()
    usage = x509.KeyUsage(True, False, False, False, False, False, True, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of("Regional"))
        .issuer_name(SCHEME.root.certificate.subject)
        .public_key(made.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(usage, critical=True)
    )
    authority = Issued(builder.sign(SCHEME.root.key, hashes.SHA256()), made.key)
    return [issue(authority), authority]


CASES: list[tuple[Callable[[], Chain], int, str, dict[str, Any]]] = [
    (missing_issuer, 1, diagnosis.MISSING_ISSUER, {"issuer": "CN=Regional"}),
    (unknown_anchor, 3, diagnosis.UNKNOWN_ANCHOR, {"trusted": ["CN=Scheme Root"]}),
    (made_by_itself, 1, diagnosis.UNKNOWN_ANCHOR, {"trusted": ["CN=Scheme Root"]}),
    (forged, 1, diagnosis.SIGNATURE, {"issuer": "CN=Scheme Issuing", "by_itself": False}),
    (of_a_namesake, 2, diagnosis.SIGNATURE, {"issuer": "CN=Scheme Issuing", "by_itself": True}),
    (expired_intermediate, 2, diagnosis.EXPIRED, {"not_after": (NOW - timedelta(seconds=12)).isoformat()}),
    (intermediate_of_tomorrow, 2, diagnosis.NOT_YET_VALID, {"now": NOW.isoformat()}),
    (below_a_path_length_of_0, 3, diagnosis.PATH_LENGTH, {"expected": 0, "presented": 1}),
    (issued_by_a_client, 2, diagnosis.NOT_AUTHORITY, {}),
    (for_servers_only, 2, diagnosis.PURPOSE, {"presented": [SERVER[0].dotted_string]}),
    (not_for_certificates, 2, diagnosis.KEY_USAGE, {}),
]


def refused(chain: Chain, scheme: Scheme = SCHEME) -> InvalidClient:
    leaf = load_certificate(chain[0].der, InvalidClient)
    with pytest.raises(InvalidClient) as refusal:
        check_chain(leaf, [each.der for each in chain[1:]], scheme.anchors, NOW, InvalidClient)
    assert refusal.value.rule is CHAIN
    return refusal.value


@pytest.mark.clause("RFC 5280 §6.1")
@pytest.mark.parametrize(("make", "element", "fault", "values"), CASES, ids=[each[2] for each in CASES])
def test_the_element_that_failed_is_told_and_how(
    make: Callable[[], Chain], element: int, fault: str, values: dict[str, Any]
) -> None:
    detail = refused(make()).detail
    assert (detail["failed"]["element"], detail["failed"]["fault"]) == (element, fault), detail
    assert values.items() <= detail["failed"].items()
    assert detail["failed"]["subject"] == detail["chain"][-1]
    assert len(detail["chain"]) == element
    assert detail["problem"]


@pytest.mark.clause("RFC 5280 §6.1")
def test_of_two_issuers_with_one_name_the_one_without_a_fault_is_followed() -> None:
    old = regional(not_after=NOW - timedelta(seconds=1))
    leaf, regional_now = issue(old), regional()
    told = diagnosis.diagnosis(
        leaf.certificate, [regional_now.certificate, old.certificate], SCHEME.anchors, NOW
    )
    assert told["failed"]["fault"] == diagnosis.EXPIRED
    whole = issue(regional_now)
    told = diagnosis.diagnosis(
        whole.certificate, [old.certificate, regional_now.certificate], SCHEME.anchors, NOW
    )
    assert "failed" not in told
    assert told["chain"] == ["CN=partner", "CN=Regional", "CN=Scheme Root"]


def test_many_candidates_of_one_name_cost_no_more_than_a_few_signatures() -> None:
    namesakes = [issue(None, subject="Namesake", authority=True) for _ in range(40)]
    leaf = issue(issue(None, subject="Namesake", authority=True))
    tried = 0

    class Counting:
        def __init__(self, certificate: x509.Certificate) -> None:
            self._certificate = certificate

        def __getattr__(self, name: str) -> Any:
            return getattr(self._certificate, name)

        def verify_directly_issued_by(self, issuer: x509.Certificate) -> None:
            nonlocal tried
            tried += 1
            self._certificate.verify_directly_issued_by(issuer)

    told = diagnosis.diagnosis(
        Counting(leaf.certificate),  # type: ignore[arg-type]  # acts as one, and counts
        [each.certificate for each in namesakes],
        SCHEME.anchors,
        NOW,
    )
    assert tried == diagnosis.MAX_SIGNATURES
    assert "failed" not in told


def test_long_names_are_cut() -> None:
    attribute = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "x" * 64)
    detail = refused([issue(FOREIGN.issuing, subject=x509.Name([attribute] * 60))]).detail
    assert len(detail["chain"][0]) == diagnosis.MAX_NAME_CHARACTERS
