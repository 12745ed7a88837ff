"""A client that is known by an address of its certificate, from its admission to its token, over sockets."""

import sys
from pathlib import Path

import pytest

from sender_constraint.certificates.csr import RequestedNames
from tests.authserver.names_that_differ import CLIENT_IPV4, CLIENT_MAILBOX
from tests.e2e.calling import TokenCaller
from tests.e2e.minting import Mint
from tests.e2e.registering import BY_IPV4, BY_IPV6, BY_MAILBOX, manage
from tests.e2e.test_est import ENROLLED, Answer, Applicant
from tests.e2e.verdict import Verdict
from tests.sender_constraint.pki import Issued
from workshop.story.stage import Stage

NAMES = RequestedNames(
    "CN=addressed,O=Addressed Ltd,C=GB", ip_addresses=(CLIENT_IPV4,), mailboxes=(CLIENT_MAILBOX,)
)


@pytest.mark.usefixtures("registered")
@pytest.mark.clause("RFC 8705 §2.1.2")
def test_a_client_enrols_with_its_addresses_and_authenticates_by_each(
    stage: Stage, token_caller: TokenCaller, mint: Mint, verdict: Verdict, tmp_path: Path
) -> None:
    secret = tmp_path / "client.secret"
    command = [sys.executable, "ca/manage.py", "participant", "add", "addressed", "--profile", "client"]
    command += ["--subject", NAMES.subject, "--san-ip", CLIENT_IPV4, "--san-email", CLIENT_MAILBOX]
    manage(stage.deployment, "ca", [*command, "--secret-file", str(secret)])
    applicant = Applicant(stage.wire, stage.deployment.ca_url, NAMES, "addressed", secret.read_text().strip())

    certificate = Answer(verdict).certificate(applicant.enrols(), ENROLLED)

    caller = token_caller.but(credentials=mint.credentials(Issued(certificate, applicant.key)))
    for client_id in (BY_IPV4, BY_MAILBOX):
        verdict.accepted(caller.but(client_id=client_id).asks(), "token.issued")
    verdict.refused(caller.but(client_id=BY_IPV6).asks(), 401, "invalid_client", "client.san-ip")
