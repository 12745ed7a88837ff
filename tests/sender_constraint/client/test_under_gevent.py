"""The caller in a process that gevent has patched, as gunicorn's workers are."""

import subprocess
import sys
from pathlib import Path

from sender_constraint.certificates.generations import Generation, GenerationStore
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.ocsp_answers import OcspAnswers
from tests.sender_constraint.responder import Responder
from tests.sender_constraint.tls_server import TLSServer

SCRIPT = Path(__file__).with_name("calling_under_gevent.py")


def test_greenlets_go_on_calling_while_the_certificate_turns(
    server: TLSServer, authority: Authority, store: GenerationStore, generation: Generation
) -> None:
    """And each of them checks its server's certificate, with the sockets that gevent has put in place."""
    command = [sys.executable, str(SCRIPT), str(store.path), server.origin, str(authority.trust_bundle)]
    with (
        Responder(OcspAnswers(authority)) as responder,
        subprocess.Popen(
            [*command, responder.url],
            stdout=subprocess.PIPE,
            text=True,
            cwd=SCRIPT.parents[3],
            env={"PYTHONPATH": "."},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"called with {generation.thumbprint}\n"
            new = authority.publish(store)
            assert process.stdout.readline() == f"called with {new.thumbprint}\n"
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()

    thumbprints = {asked.thumbprint for asked in server.asked if asked.path == "/accounts"}
    assert thumbprints == {generation.thumbprint, new.thumbprint}
    assert server.count("/token") == 2
    checked = {request.serial_number for request in responder.asked}
    assert checked == {each.serial_number for each in (*authority.server_certificates, authority.issuing)}
