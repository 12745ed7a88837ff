"""FAPI 2.0 Security Profile: which settings contradict it, and which characters errors have."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.settings import fapi2
from sender_constraint.core.errors import InvalidClient
from sender_constraint.core.rules import Rule

LEGAL = {chr(code) for code in range(0x20, 0x7F)} - {'"', "\\"}


def contradicting(demands: tuple[fapi2.Demand, ...], **settings: Any) -> list[str]:
    return [demand.setting for demand in fapi2.contradictions(demands, settings)]


@pytest.mark.clause("FAPI 2.0 §5.4.1")
def test_an_api_takes_the_algorithms_of_the_profile_alone() -> None:
    good = {"PROFILE": "fapi2", "ISSUER_ALGORITHMS": ["PS256", "ES256", "EdDSA"]}
    assert contradicting(fapi2.RESOURCE_SERVER, **good) == []
    for algorithm in ("RS256", "HS256", "none", "ES384"):
        changed = {**good, "ISSUER_ALGORITHMS": ["ES256", algorithm]}
        assert contradicting(fapi2.RESOURCE_SERVER, **changed) == ["ISSUER_ALGORITHMS"]


@pytest.mark.clause("FAPI 2.0 §5.3.4")
def test_no_api_serves_without_proof() -> None:
    settings = {"PROFILE": "fapi2", "ISSUER_ALGORITHMS": ["ES256"], "REPORT_ROUTES": ["accounts"]}
    assert contradicting(fapi2.RESOURCE_SERVER, **settings) == ["REPORT_ROUTES"]


@pytest.mark.clause("FAPI 2.0 §5.3.3.1")
def test_a_client_finds_endpoints_by_metadata_alone() -> None:
    settings = {"PROFILE": "fapi2", "TOKEN_ENDPOINT": "https://as.example/token"}
    assert contradicting(fapi2.CLIENT, **settings) == ["TOKEN_ENDPOINT"]


def test_outside_the_profile_nothing_contradicts_it() -> None:
    settings = {
        "PROFILE": "",
        "REPORT_CLIENTS": ["slow"],
        "REPORT_ROUTES": ["accounts"],
        "ISSUER_ALGORITHMS": ["RS256"],
        "TOKEN_ENDPOINT": "https://as.example/token",
    }
    for demands in (fapi2.AUTHORIZATION_SERVER, fapi2.RESOURCE_SERVER, fapi2.CLIENT):
        assert contradicting(demands, **settings) == []


@pytest.mark.clause("RFC 6749 §5.2")
@given(st.text())
def test_a_description_has_legal_characters_whatever_was_to_be_said(text: str) -> None:
    refusal = InvalidClient(Rule("test.rule", "RFC 6749 §5.2", "A rule of this test."), text)
    assert set(refusal.description) <= LEGAL
    assert len(refusal.description) == len(text)
    assert refusal.description == text or set(text) - LEGAL
