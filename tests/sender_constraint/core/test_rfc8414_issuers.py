"""An issuer's identifier, and where its metadata is."""

import pytest

from sender_constraint.core.issuers import metadata_url


@pytest.mark.clause("RFC 8414 §3.1")
@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://as.example", "https://as.example/.well-known/oauth-authorization-server"),
        ("https://as.example/", "https://as.example/.well-known/oauth-authorization-server"),
        ("https://as.example:8441", "https://as.example:8441/.well-known/oauth-authorization-server"),
        ("https://as.example/bank", "https://as.example/.well-known/oauth-authorization-server/bank"),
    ],
)
def test_it_is_at_the_well_known_place(issuer: str, url: str) -> None:
    assert metadata_url(issuer) == url


@pytest.mark.clause("RFC 8414 §2")
@pytest.mark.parametrize(
    "issuer",
    [
        "http://as.example",
        "https://as.example?a=b",
        "https://as.example#f",
        "as.example",
        "",
        "https://",
        "https://as.example:port",
    ],
)
def test_an_issuer_is_an_https_url(issuer: str) -> None:
    with pytest.raises(ValueError, match=r"HTTPS URL|Port"):
        metadata_url(issuer)
