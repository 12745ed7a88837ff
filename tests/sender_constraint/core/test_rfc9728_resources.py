"""A protected resource's identifier, and where its metadata is."""

import pytest

from sender_constraint.core.resources import resource_metadata_url

AT_HOST = "https://api.example/.well-known/oauth-protected-resource"


@pytest.mark.clause("RFC 9728 §3.1")
@pytest.mark.parametrize(
    ("resource", "url"),
    [
        ("https://api.example", AT_HOST),
        ("https://api.example/", AT_HOST),
        ("https://api.example:8442", "https://api.example:8442/.well-known/oauth-protected-resource"),
        ("https://api.example/bank", f"{AT_HOST}/bank"),
        ("https://api.example/bank/v1", f"{AT_HOST}/bank/v1"),
        ("https://api.example/bank/", f"{AT_HOST}/bank/"),
        ("https://api.example?k=v", f"{AT_HOST}?k=v"),
        ("https://api.example/?k=v", f"{AT_HOST}?k=v"),
        ("https://api.example/bank?k=v", f"{AT_HOST}/bank?k=v"),
    ],
)
def test_it_is_between_the_host_and_the_rest(resource: str, url: str) -> None:
    assert resource_metadata_url(resource) == url


@pytest.mark.clause("RFC 9728 §1.2")
@pytest.mark.parametrize(
    "resource",
    [
        "http://api.example",
        "https://api.example#f",
        "https://api.example/#",
        "api.example",
        "",
        "https://",
        "https://api.example:port",
        "urn:example:api",
    ],
)
def test_a_resource_is_an_https_url(resource: str) -> None:
    with pytest.raises(ValueError, match=r"HTTPS URL|Port"):
        resource_metadata_url(resource)
