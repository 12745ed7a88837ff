"""RFC 9325 and FAPI 2.0 §5.2: TLS of calls out."""

import ssl
import warnings
from pathlib import Path

import httpx
import pytest

from sender_constraint.certificates.tls import TLS_1_2_SUITES, client_context
from sender_constraint.http.deadlines import client_with_deadlines
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer


def answer(_asked: Asked) -> Answer:
    return Answer(200, {"fine": True})


def call(authority: Authority, server: ssl.SSLContext, host: str = "localhost") -> int:
    """The status with which a server with this TLS answers."""
    with (
        TLSServer(server, answer) as served,
        client_with_deadlines(client_context(authority.trust_bundle)) as client,
    ):
        return client.get(served.origin.replace("localhost", host)).status_code


@pytest.mark.clause("FAPI 2.0 §5.2.2", "RFC 9325 §4.2")
def test_a_caller_offers_the_recommended_suites_of_tls_1_2_alone(tmp_path: Path) -> None:
    context = client_context(Authority(tmp_path).trust_bundle)
    offered = {suite["name"] for suite in context.get_ciphers() if suite["protocol"] != "TLSv1.3"}
    assert offered == set(TLS_1_2_SUITES)


@pytest.mark.clause("FAPI 2.0 §5.2.2")
@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_a_server_that_speaks_no_recommended_suite_is_not_called(tmp_path: Path, suite: str) -> None:
    authority = Authority(tmp_path)
    server = authority.server_context()
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    server.set_ciphers(suite)
    if suite in TLS_1_2_SUITES:
        assert call(authority, server) == 200
    else:
        with pytest.raises(httpx.ConnectError):
            call(authority, server)


@pytest.mark.clause("FAPI 2.0 §5.2.1", "RFC 9325 §3.1.1")
def test_a_server_of_an_older_version_is_not_called(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.server_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # which is why we do not speak it
        server.minimum_version = ssl.TLSVersion.TLSv1
        server.maximum_version = ssl.TLSVersion.TLSv1_1
    server.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(httpx.ConnectError):
        call(authority, server)


@pytest.mark.clause("FAPI 2.0 §5.2.1", "RFC 9525 §6")
def test_a_server_under_another_name_or_another_authority_is_not_called(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    authority, other = Authority(tmp_path), Authority(tmp_path / "other")
    assert call(authority, authority.server_context()) == 200
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        call(authority, other.server_context())
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        call(authority, authority.server_context(), host="0.0.0.0")  # noqa: S104 - reaches it, by another name
