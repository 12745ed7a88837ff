"""A foreign authority that no setting names: the first call ends in seconds, and names the setting."""

import time
from pathlib import Path

import pytest

from tests.foreign import services
from tests.foreign.authorization_server import ForeignServer, Habits
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.responder import Responder
from workshop.environment.ports import free_port

# RFC 6960 §4.2.1: an OCSPResponse with the status unauthorized, as about certificates of other authorities.
UNAUTHORIZED = b"\x30\x03\x0a\x01\x06"
LONGEST_SECONDS = 12.0


@pytest.mark.clause("RFC 6960 §2.3")
@pytest.mark.parametrize("responder_answers", [True, False], ids=["unauthorized", "nothing there"])
def test_the_first_call_ends_in_seconds_and_names_the_setting(
    tmp_path: Path, scheme: Authority, responder_answers: bool
) -> None:
    server = ForeignServer(tmp_path / "server", Habits(), clients=scheme)
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(scheme.trust_bundle.read_bytes() + server.root.read_bytes())
    with server.running(), Responder(lambda _request: UNAUTHORIZED) as responder:
        settings = {
            "ISSUER": server.issuer,
            "OCSP_URL": responder.url if responder_answers else f"http://127.0.0.1:{free_port()}/ocsp",
        }
        partner = services.partner(tmp_path, scheme, bundle, API_URL=server.everybody.origin, **settings)
        began = time.monotonic()
        failed = partner.manage("accounts")
        seconds = time.monotonic() - began
        assert failed.returncode == 1
        assert "ISSUER_STATUS" in failed.stderr
        assert f"'none CN={server.authority.issuing.subject.rfc4514_string().removeprefix('CN=')}'" in (
            failed.stderr
        )
        assert seconds < LONGEST_SECONDS
        # With the setting as the message writes it the server is spoken to.
        name = server.authority.issuing.subject.rfc4514_string()
        root = server.authority.root.subject.rfc4514_string()
        told = services.Service(
            partner.name,
            partner.state,
            {**partner.variables, "ISSUER_STATUS": f"none {name}; none {root}"},
        ).manage("accounts")
        assert f"the bank refused {server.everybody.origin}/accounts (404)" in told.stderr
