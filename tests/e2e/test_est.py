"""EST over real sockets (RFC 7030): by one-time secret at first, by the certificate itself from then on."""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7

from sender_constraint.certificates.csr import RequestedNames, first_request, new_private_key
from sender_constraint.core.names import parse_distinguished_name, subject_of
from tests.e2e.minting import Mint
from tests.e2e.registering import manage
from tests.e2e.verdict import Verdict
from tests.sender_constraint.pki import Issued
from workshop.environment.deployment import Deployment
from workshop.story.stage import Stage
from workshop.wire import NO_CREDENTIALS, Credentials, Exchange, Wire

ENROLLED, RENEWED = "est.simpleenroll", "est.simplereenroll"
TEXT = "text/plain; charset=utf-8"
PARTNER = RequestedNames("CN=partner,O=Partner Ltd,C=GB", ("partner.example",), ("urn:example:partner",))


@dataclass(frozen=True)
class Applicant:
    """Asks for a certificate; ``but`` makes the one that differs from it in one thing."""

    wire: Wire
    url: str
    names: RequestedNames
    participant: str = ""
    secret: str = ""
    credentials: Credentials = NO_CREDENTIALS
    key: EllipticCurvePrivateKey = field(default_factory=new_private_key)

    def but(self, **changes: Any) -> "Applicant":
        return replace(self, **changes)

    def enrols(self) -> Exchange:
        """RFC 7030 §4.2.1, by HTTP Basic (§3.2.3)."""
        basic = base64.b64encode(f"{self.participant}:{self.secret}".encode()).decode()
        return self._asks("simpleenroll", {"Authorization": f"Basic {basic}"})

    def renews(self) -> Exchange:
        """RFC 7030 §4.2.2, by the certificate of the connection."""
        return self._asks("simplereenroll", {})

    def _asks(self, operation: str, headers: dict[str, str]) -> Exchange:
        body = base64.encodebytes(first_request(self.key, self.names))
        sent = {"Content-Type": "application/pkcs10", **headers}
        url = f"{self.url}/.well-known/est/{operation}"
        return self.wire.send("POST", url, self.credentials, headers=sent, body=body)


@dataclass(frozen=True)
class Answer:
    """Reads EST's answers, which have no error codes, together with the records of them."""

    verdict: Verdict

    def certificate(self, exchange: Exchange, event: str) -> x509.Certificate:
        self.verdict.accepted(exchange, event)
        (issued,) = pkcs7.load_der_pkcs7_certificates(base64.b64decode(exchange.body))
        return issued

    def refused(self, exchange: Exchange, status: int, rule: str) -> dict[str, Any]:
        assert (exchange.status, exchange.headers["content-type"]) == (status, TEXT), exchange.body
        assert exchange.headers["cache-control"] == "no-store"
        assert ("www-authenticate" in exchange.headers) is (status == 401)
        return self.verdict.recorded(exchange, outcome="refused", rule=rule, status=status)


@pytest.fixture
def answer(verdict: Verdict) -> Answer:
    return Answer(verdict)


Admits = Callable[[str], Applicant]


@pytest.fixture
def admits(stage: Stage, tmp_path: Path) -> Admits:
    """Has the operator admit a participant of this name; returns it with its secret."""

    def admit(name: str) -> Applicant:
        file = tmp_path / f"{name}.secret"
        names = RequestedNames(f"CN={name},O=Newcomer Ltd,C=GB", (f"{name}.example",))
        command = [sys.executable, "ca/manage.py", "participant", "add", name, "--profile", "client"]
        command += ["--subject", names.subject, "--san-dns", names.dns[0], "--secret-file", str(file)]
        manage(stage.deployment, "ca", command)
        return Applicant(stage.wire, stage.deployment.ca_url, names, name, file.read_text().strip())

    return admit


@pytest.mark.clause("RFC 7030 §3.2.3")
def test_a_secret_admits_one_key_and_only_the_participant_whose_it_is(
    admits: Admits, answer: Answer, deployment: Deployment
) -> None:
    newcomer = admits("newcomer")
    wrong = ({"secret": "guessed"}, {"secret": ""}, {"participant": "partner"}, {"participant": "nobody"})
    for change in wrong:
        answer.refused(newcomer.but(**change).enrols(), 401, "est.credentials")
    issued = answer.certificate(newcomer.enrols(), ENROLLED)
    # The answer may have been lost: the same key gets the same certificate.
    assert answer.certificate(newcomer.enrols(), ENROLLED) == issued
    spent = newcomer.but(key=new_private_key()).enrols()
    event = answer.refused(spent, 403, "enrolment.secret-spent")
    assert event["client_id"] == "newcomer"
    assert newcomer.secret not in deployment.audit_file("ca").read_text()


@pytest.mark.clause("RFC 7030 §3.7")
def test_a_participant_gets_its_own_names_and_no_others(admits: Admits, answer: Answer) -> None:
    ambitious = admits("ambitious")
    own = ambitious.names
    for names, rule in (
        (replace(own, subject=PARTNER.subject), "csr.subject"),
        (replace(own, subject=own.subject.upper()), "csr.subject"),
        (replace(own, dns=PARTNER.dns), "csr.alternative-name"),
        (replace(own, dns=(*own.dns, *PARTNER.dns)), "csr.alternative-name"),
        (replace(own, uris=PARTNER.uris), "csr.alternative-name"),
    ):
        answer.refused(ambitious.but(names=names).enrols(), 403, rule)
    # What was refused did not spend the secret.
    issued = answer.certificate(ambitious.enrols(), ENROLLED)
    assert subject_of(issued) == parse_distinguished_name(own.subject)


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_a_certificate_renews_itself_and_nobody_elses(admits: Admits, mint: Mint, answer: Answer) -> None:
    newcomer = admits("renewing")
    first = answer.certificate(newcomer.enrols(), ENROLLED)
    own = mint.credentials(Issued(first, newcomer.key))
    holder = newcomer.but(credentials=own, key=new_private_key())
    for names, rule in (
        (PARTNER, "renewal.subject"),
        (replace(holder.names, dns=PARTNER.dns), "renewal.alternative-names"),
    ):
        answer.refused(holder.but(names=names).renews(), 403, rule)
    answer.refused(holder.but(credentials=NO_CREDENTIALS).renews(), 403, "renewal.certificate")
    # Signed with the authority's key, and in no register: nobody was ever given it.
    unknown = holder.but(credentials=mint.credentials(mint.unregistered(mint.scheme.issuing)), names=PARTNER)
    answer.refused(unknown.renews(), 403, "renewal.issued-here")
    second = answer.certificate(holder.renews(), RENEWED)
    assert (second.subject, second.public_key()) == (first.subject, holder.key.public_key())
