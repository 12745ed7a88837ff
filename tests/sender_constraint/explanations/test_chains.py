"""Chains: the element that failed and how, in words (RFC 5280 §6.1)."""

from collections.abc import Callable
from typing import Any

import pytest

from sender_constraint.core.certificate_checks import CHAIN
from sender_constraint.explanations.explaining import explain
from tests.sender_constraint.core.test_chain_diagnosis import (
    Chain,
    below_a_path_length_of_0,
    expired_intermediate,
    for_servers_only,
    forged,
    intermediate_of_tomorrow,
    issued_by_a_client,
    made_by_itself,
    missing_issuer,
    not_for_certificates,
    of_a_namesake,
    refused,
    unknown_anchor,
)
from tests.sender_constraint.explanations import refusals

SENTENCES: list[tuple[Callable[[], Chain], str]] = [
    (
        missing_issuer,
        "Certificate 1 of the chain, CN=partner: its issuer, CN=Regional, was neither sent nor found in "
        "the trust bundle.",
    ),
    (
        unknown_anchor,
        "Certificate 3 of the chain, CN=Foreign Root: it is self-signed, and not one of the trusted roots "
        "(CN=Scheme Root).",
    ),
    (
        made_by_itself,
        "Certificate 1 of the chain, CN=partner: it is self-signed, and not one of the trusted roots "
        "(CN=Scheme Root).",
    ),
    (
        forged,
        "Certificate 1 of the chain, CN=partner: the key of its issuer, CN=Scheme Issuing, does not "
        "verify its signature.",
    ),
    (
        of_a_namesake,
        "Certificate 2 of the chain, CN=Scheme Issuing: the key of its issuer, CN=Scheme Issuing, does "
        "not verify its signature; it is self-signed.",
    ),
    (
        expired_intermediate,
        "Certificate 2 of the chain, CN=Regional: it expired 12 seconds before the request.",
    ),
    (
        intermediate_of_tomorrow,
        "Certificate 2 of the chain, CN=Regional: it becomes valid 30 seconds after the request.",
    ),
    (
        below_a_path_length_of_0,
        "Certificate 3 of the chain, CN=Scheme Issuing: its path length allows 0 CAs below it, and the chain "
        "has 1.",
    ),
    (
        issued_by_a_client,
        "Certificate 2 of the chain, CN=client: it issued the previous one, and is not a CA certificate "
        "(basic constraints).",
    ),
    (
        for_servers_only,
        "Certificate 2 of the chain, CN=Regional: it can issue certificates for 1.3.6.1.5.5.7.3.1 only, not "
        "for clients (1.3.6.1.5.5.7.3.2).",
    ),
    (
        not_for_certificates,
        "Certificate 2 of the chain, CN=Regional: it issued the previous one, and its key must not sign "
        "certificates (key usage).",
    ),
]


def event(detail: dict[str, Any]) -> dict[str, Any]:
    return refusals.refused(CHAIN.identifier, **detail)


@pytest.mark.clause("RFC 5280 §6.1")
@pytest.mark.parametrize(("make", "sentence"), SENTENCES, ids=[each.__name__ for each, _ in SENTENCES])
def test_the_element_that_failed_is_told_in_a_sentence(make: Callable[[], Chain], sentence: str) -> None:
    explanation = explain(event(refused(make()).detail))
    assert explanation.findings == (sentence,)
    assert explanation.presented is not None
    assert explanation.presented.startswith("CN=partner")
    assert explanation.next_step


def test_where_no_element_fails_the_verifier_has_the_word() -> None:
    explanation = explain(event({"chain": ["CN=partner", "CN=Root"], "problem": "name constraints"}))
    assert explanation.findings == (
        "Each certificate is valid by itself; the verifier reports: name constraints.",
    )


def test_too_many_certificates_are_told_as_a_number() -> None:
    assert explain(event({"presented": 11})).presented == "11"
