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
        "Element 1 of the chain, CN=partner: its issuer, CN=Regional, was not sent, nor is it in the "
        "trust bundle.",
    ),
    (
        unknown_anchor,
        "Element 3 of the chain, CN=Foreign Root: it is issued by itself, and is none of the trusted roots "
        "(CN=Scheme Root).",
    ),
    (
        made_by_itself,
        "Element 1 of the chain, CN=partner: it is issued by itself, and is none of the trusted roots "
        "(CN=Scheme Root).",
    ),
    (
        forged,
        "Element 1 of the chain, CN=partner: its signature is not by the key of its issuer, "
        "CN=Scheme Issuing.",
    ),
    (
        of_a_namesake,
        "Element 2 of the chain, CN=Scheme Issuing: its signature is not by the key of its issuer, "
        "CN=Scheme Issuing; it is signed with its own key.",
    ),
    (
        expired_intermediate,
        "Element 2 of the chain, CN=Regional: it expired 12 seconds before the request.",
    ),
    (
        intermediate_of_tomorrow,
        "Element 2 of the chain, CN=Regional: it becomes valid 30 seconds after the request.",
    ),
    (
        below_a_path_length_of_0,
        "Element 3 of the chain, CN=Scheme Issuing: its path length allows 0 authorities below it, and there "
        "are 1.",
    ),
    (
        issued_by_a_client,
        "Element 2 of the chain, CN=client: it issued the one before it, and is no authority's certificate "
        "(basic constraints).",
    ),
    (
        for_servers_only,
        "Element 2 of the chain, CN=Regional: it may issue for the purposes 1.3.6.1.5.5.7.3.1 only, not for "
        "clients (1.3.6.1.5.5.7.3.2).",
    ),
    (
        not_for_certificates,
        "Element 2 of the chain, CN=Regional: it issued the one before it, and its key is not for signing "
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
    assert explanation.findings == ("Each element is well by itself; the verifier says: name constraints.",)


def test_too_many_certificates_are_told_as_a_number() -> None:
    assert explain(event({"presented": 11})).presented == "11"
