"""Versions, suites, sessions: what the TLS front speaks, tried with ``openssl s_client``."""

import ssl
import subprocess
from pathlib import Path

import pytest

from tests.sender_constraint.tls.running import PATIENCE_SECONDS, Server
from tests.waiting import eventually

SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
)
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def s_client(server: Server, *options: str, say: bytes = REQUEST) -> str:
    """What s_client prints when it sends a request and reads until the server closes."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-ign_eof", *options]
    result = subprocess.run(
        command, input=say, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE_SECONDS
    )
    return result.stdout.decode(errors="replace")


def test_tls_1_3_is_preferred(server: Server) -> None:
    with server.tls() as connection:
        assert connection.version() == "TLSv1.3"


def test_tls_1_1_is_refused_and_recorded(server: Server) -> None:
    # The standard library of some systems cannot offer it; s_client can, at its lowest security level.
    said = s_client(server, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "alert protocol version" in said
    event = eventually(lambda: server.events("tls.handshake")[-1:], "an event")[0]
    assert (event["rule"], event["error"]) == ("tls.handshake", "protocol_version")


@pytest.mark.parametrize("suite", [each for each in SUITES if "ECDSA" in each])
def test_tls_1_2_speaks_ecdhe_with_gcm(server: Server, suite: str) -> None:
    context = server.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with server.tls(context) as connection:
        assert connection.cipher()[0] == suite  # type: ignore[index]


@pytest.mark.parametrize(
    "suite",
    [
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-ECDSA-AES128-SHA",
        "AES128-GCM-SHA256",
    ],
)
def test_tls_1_2_speaks_no_other_suite(server: Server, suite: str) -> None:
    context = server.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{suite}:@SECLEVEL=0")
    with server.tcp() as raw:
        address = raw.getsockname()
        with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
            context.wrap_socket(raw, server_hostname="localhost")
    event = server.event_of("tls.handshake", address)
    assert (event["rule"], event["error"]) == ("tls.handshake", "handshake_failure")
    assert event["detail"]["reason"] == "no shared cipher"


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_no_session_is_ever_resumed(server: Server, tmp_path: Path, version: str) -> None:
    session = tmp_path / "session.pem"
    first = s_client(server, version, "-sess_out", str(session))
    assert "200 OK" in first
    assert "New, TLSv1" in first
    if not session.exists():
        # TLS 1.2: neither an identifier nor a ticket was given out, so there is nothing to offer again.
        assert version == "-tls1_2"
        return
    second = s_client(server, version, "-sess_in", str(session))
    assert "200 OK" in second
    assert "New, TLSv1" in second
    assert "Reused" not in second


def test_reconnecting_never_resumes(server: Server) -> None:
    said = s_client(server, "-tls1_2", "-reconnect")
    assert said.count("New, TLSv1.2") > 1
    assert "Reused" not in said


def test_renegotiation_is_refused(server: Server) -> None:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2"]
    result = subprocess.run(
        command, input=b"R\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE_SECONDS
    )
    said = result.stdout.decode(errors="replace")
    assert "RENEGOTIATING" in said
    assert "no renegotiation" in said


def test_what_is_no_tls_is_refused_and_recorded(server: Server) -> None:
    with server.tcp() as raw:
        address = raw.getsockname()
        raw.sendall(REQUEST)
        event = server.event_of("tls.handshake", address)
    assert (event["rule"], event["detail"]["reason"]) == ("tls.handshake", "http request")


def test_who_only_knocks_has_begun_no_handshake(server: Server) -> None:
    with server.tcp() as raw:
        address = raw.getsockname()
    server.get()
    assert not [each for each in server.events("tls.handshake") if each["peer"].endswith(f":{address[1]}")]
