"""The EST client against a TLS server: RFC 7030, with the encodings of RFC 8951."""

import base64
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from sender_constraint.certificates import est as est_module
from sender_constraint.certificates.csr import RequestedNames, first_request, new_private_key, next_request
from sender_constraint.certificates.errors import IssuerRefused, IssuerUnreachable, UnusableAnswer
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuance import EstIssuer
from sender_constraint.certificates.rotation import Action, RenewalPolicy, ensure_generation
from tests.sender_constraint.authority import Authority, pem
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer

NAMES = RequestedNames("CN=partner,O=Partner Ltd,C=GB", ("partner.example",), ("urn:example:partner",))
CERTS_ONLY = {"Content-Type": "application/pkcs7-mime; smime-type=certs-only"}


class EstServer:
    """Issues what it is asked for; ``answers`` replaces its answer to an operation."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self.answers: dict[str, Callable[[Asked], Answer]] = {}

    def __call__(self, asked: Asked) -> Answer:
        operation = asked.path.rpartition("/")[2]
        if operation in self.answers:
            return self.answers[operation](asked)
        if operation == "cacerts":
            return certificates(self._authority.root, self._authority.issuing)
        return certificates(self.issued(asked))

    def issued(self, asked: Asked) -> x509.Certificate:
        csr = x509.load_der_x509_csr(base64.b64decode(asked.body))
        key = csr.public_key()
        assert csr.is_signature_valid
        assert isinstance(key, ec.EllipticCurvePublicKey)
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return self._authority.issue(key, csr.subject.rfc4514_string(), names=list(names))


def certificates(*issued: x509.Certificate) -> Answer:
    der = pkcs7.serialize_certificates(list(issued), Encoding.DER)
    return Answer(200, base64.encodebytes(der), CERTS_ONLY)


@pytest.fixture
def behaviour(authority: Authority) -> EstServer:
    return EstServer(authority)


@pytest.fixture
def server(authority: Authority, behaviour: EstServer) -> Iterator[TLSServer]:
    with TLSServer(authority.server_context(), behaviour) as running:
        yield running


@pytest.fixture
def est(authority: Authority, server: TLSServer) -> EstClient:
    return EstClient(f"{server.origin}/.well-known/est", authority.trust_bundle, timeout_seconds=5)


@pytest.mark.clause("RFC 7030 §4.1")
def test_it_fetches_the_authority_s_certificates(est: EstClient, authority: Authority) -> None:
    assert set(est.cacerts()) == {authority.root, authority.issuing}


@pytest.mark.clause("RFC 7030 §4.2.1")
def test_it_enrols_by_name_and_one_time_secret(est: EstClient, server: TLSServer) -> None:
    key = new_private_key()

    (certificate,) = est.enrol(first_request(key, NAMES), "partner", "s3cret:with colon")

    assert certificate.public_key() == key.public_key()
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/.well-known/est/simpleenroll")
    assert asked.headers["content-type"] == "application/pkcs10"
    assert base64.b64decode(asked.headers["authorization"].split()[1]) == b"partner:s3cret:with colon"
    assert asked.thumbprint is None


@pytest.mark.clause("RFC 8951 §3.1")
def test_it_sends_no_transfer_encoding_and_reads_any_white_space(
    est: EstClient, server: TLSServer, behaviour: EstServer
) -> None:
    def spaced(asked: Asked) -> Answer:
        answer = certificates(behaviour.issued(asked))
        lines = answer.content.split()
        return Answer(200, b"\r\n\t ".join(lines) + b" \n\n", CERTS_ONLY)

    behaviour.answers["simpleenroll"] = spaced

    assert len(est.enrol(first_request(new_private_key(), NAMES), "partner", "secret")) == 1
    assert "content-transfer-encoding" not in server.asked[0].headers


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_it_renews_with_the_certificate_that_is_replaced(
    est: EstClient, server: TLSServer, authority: Authority, store: GenerationStore
) -> None:
    replaced = authority.publish(store)

    est.reenrol(first_request(new_private_key(), NAMES), replaced)

    (asked,) = server.asked
    assert asked.path == "/.well-known/est/simplereenroll"
    assert asked.thumbprint == replaced.thumbprint
    assert "authorization" not in asked.headers


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_a_request_for_a_successor_has_the_names_of_the_certificate(authority: Authority) -> None:
    names = NAMES.alternatives()
    certificate = authority.issue(new_private_key(), NAMES.subject, names=names)

    csr = x509.load_der_x509_csr(next_request(new_private_key(), certificate))

    assert csr.subject == certificate.subject
    assert list(csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == names


def test_an_expired_certificate_is_presented_all_the_same(
    est: EstClient, server: TLSServer, authority: Authority, store: GenerationStore
) -> None:
    expired = authority.publish(store, lifetime=timedelta(seconds=-1))

    with pytest.raises(IssuerUnreachable):  # this server's TLS refuses what it is presented
        est.reenrol(first_request(new_private_key(), NAMES), expired)

    assert "certificate has expired" in server.failed_handshakes.get(timeout=5)


@pytest.mark.parametrize(
    ("content_type", "content", "reason"),
    [
        ("text/plain", b"the name CN=x is not yours\n", "the name CN=x is not yours"),
        ("application/problem+json", b'{"title": "Refused", "detail": "not your name"}', "not your name"),
        ("application/json", b'["no object"]', "no object"),
        ("text/plain", b"a\x1b[31m\r\nb", r"a \[31m b"),
        ("text/plain", b"", "Forbidden"),
    ],
)
def test_a_refusal_says_why(
    est: EstClient, behaviour: EstServer, content_type: str, content: bytes, reason: str
) -> None:
    behaviour.answers["simpleenroll"] = lambda _asked: Answer(403, content, {"Content-Type": content_type})

    with pytest.raises(IssuerRefused, match=reason) as refused:
        est.enrol(first_request(new_private_key(), NAMES), "partner", "secret")

    assert refused.value.status == 403
    assert refused.value.reason.isprintable()


@pytest.mark.clause("RFC 7030 §4.2.3")
def test_not_yet_is_no_certificate(est: EstClient, behaviour: EstServer) -> None:
    behaviour.answers["simpleenroll"] = lambda _asked: Answer(202, b"wait", {"Retry-After": "60"})

    with pytest.raises(IssuerRefused) as refused:
        est.enrol(first_request(new_private_key(), NAMES), "partner", "secret")

    assert refused.value.status == 202


def test_a_failure_of_the_authority_is_no_refusal(est: EstClient, behaviour: EstServer) -> None:
    behaviour.answers["cacerts"] = lambda _asked: Answer(503, b"later")

    with pytest.raises(IssuerUnreachable, match="503"):
        est.cacerts()


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"Content-Type": "text/html"}, b"MIIB"),
        (CERTS_ONLY, b"!!! no base64"),
        (CERTS_ONLY, base64.encodebytes(b"no PKCS#7")),
        # ContentInfo of id-data, RFC 5652 §4, in place of signed data.
        (CERTS_ONLY, base64.encodebytes(bytes.fromhex("300f06092a864886f70d010701a0020400"))),
        (CERTS_ONLY, b""),
    ],
)
def test_what_is_no_certificate_is_unusable(
    est: EstClient, behaviour: EstServer, headers: dict[str, str], content: bytes
) -> None:
    behaviour.answers["cacerts"] = lambda _asked: Answer(200, content, headers)

    with pytest.raises(UnusableAnswer):
        est.cacerts()


def test_an_answer_without_end_is_cut_off(est: EstClient, behaviour: EstServer) -> None:
    endless = (b"A" * 1024 for _ in range(1_000_000))
    behaviour.answers["cacerts"] = lambda _asked: Answer(200, headers=CERTS_ONLY, parts=endless)

    with pytest.raises(IssuerUnreachable, match=f"more than {est_module.MAX_ANSWER_BYTES} bytes"):
        est.cacerts()


def test_an_answer_that_drips_is_cut_off(
    authority: Authority, server: TLSServer, behaviour: EstServer
) -> None:
    def drip() -> Iterator[bytes]:
        while True:
            yield b"A"
            time.sleep(0.02)

    behaviour.answers["cacerts"] = lambda _asked: Answer(200, headers=CERTS_ONLY, parts=drip())
    est = EstClient(f"{server.origin}/.well-known/est", authority.trust_bundle, timeout_seconds=0.3)

    with pytest.raises(IssuerUnreachable, match=r"more than 0\.3 seconds"):
        est.cacerts()


def test_an_answer_whose_header_drips_is_cut_off(
    authority: Authority, server: TLSServer, behaviour: EstServer
) -> None:
    def drip() -> Iterator[bytes]:
        while True:
            yield b"X: y\r\n"
            time.sleep(0.02)

    behaviour.answers["cacerts"] = lambda _asked: Answer(200, raw=drip())
    est = EstClient(f"{server.origin}/.well-known/est", authority.trust_bundle, timeout_seconds=0.3)

    with pytest.raises(IssuerUnreachable, match=r"more than 0\.3 seconds"):
        est.cacerts()


def test_a_server_under_another_authority_is_not_talked_to(server: TLSServer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "Stranger")
    est = EstClient(f"{server.origin}/.well-known/est", stranger.trust_bundle)

    with pytest.raises(IssuerUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        est.enrol(first_request(new_private_key(), NAMES), "partner", "secret")

    assert server.asked == []


def test_nobody_there_is_said_so(authority: Authority) -> None:
    with pytest.raises(IssuerUnreachable):
        EstClient("https://localhost:1/.well-known/est", authority.trust_bundle).cacerts()


def test_a_store_is_enrolled_renewed_and_its_secret_removed(
    est: EstClient, server: TLSServer, authority: Authority, store: GenerationStore, tmp_path: Path
) -> None:
    secret_file = tmp_path / "client.secret"
    secret_file.write_text("one-time\n")
    issuer = EstIssuer(est, NAMES, "partner", secret_file, authority.trust_bundle)

    enrolled = ensure_generation(store, issuer)

    assert enrolled.action is Action.ENROLLED
    assert enrolled.generation is not None
    assert enrolled.generation.chain[1:] == (authority.issuing,)
    assert not secret_file.exists()

    due = RenewalPolicy().due_at(enrolled.generation)
    renewed = ensure_generation(store, issuer, lambda: due)

    assert renewed.action is Action.RENEWED
    assert server.asked[-1].thumbprint == enrolled.generation.thumbprint


@pytest.mark.clause("RFC 7030 §4.1.3")
def test_an_issuer_that_is_not_in_the_bundle_yet_is_asked_for(
    est: EstClient, server: TLSServer, authority: Authority, store: GenerationStore, tmp_path: Path
) -> None:
    secret_file, only_root = tmp_path / "client.secret", tmp_path / "only-root.pem"
    secret_file.write_text("one-time\n")
    only_root.write_bytes(pem(authority.root))

    enrolled = ensure_generation(store, EstIssuer(est, NAMES, "partner", secret_file, only_root))

    assert enrolled.generation is not None
    assert enrolled.generation.chain[1:] == (authority.issuing,)
    assert [asked.path.rpartition("/")[2] for asked in server.asked] == ["simpleenroll", "cacerts"]


def test_an_issuer_that_leads_to_no_anchor_of_the_bundle_is_not_believed(
    est: EstClient, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    secret_file = tmp_path / "client.secret"
    secret_file.write_text("one-time\n")
    stranger = Authority(tmp_path / "other", "Stranger")

    with pytest.raises(UnusableAnswer, match="neither answer nor trust bundle"):
        EstIssuer(est, NAMES, "partner", secret_file, stranger.trust_bundle).first(new_private_key())


def test_an_answer_for_somebody_else_s_key_is_unusable(
    est: EstClient, behaviour: EstServer, authority: Authority, tmp_path: Path
) -> None:
    behaviour.answers["simpleenroll"] = lambda _asked: certificates(authority.issue(new_private_key()))
    secret_file = tmp_path / "client.secret"
    secret_file.write_text("one-time\n")
    issuer = EstIssuer(est, NAMES, "partner", secret_file, authority.trust_bundle)

    with pytest.raises(UnusableAnswer, match="our key"):
        issuer.first(new_private_key())


def test_an_answer_for_a_key_of_an_unknown_kind_is_unusable(
    est: EstClient, behaviour: EstServer, authority: Authority, tmp_path: Path
) -> None:
    behaviour.answers["simpleenroll"] = lambda _asked: certificates(of_unknown_kind(authority))
    secret_file = tmp_path / "client.secret"
    secret_file.write_text("one-time\n")
    issuer = EstIssuer(est, NAMES, "partner", secret_file, authority.trust_bundle)

    with pytest.raises(UnusableAnswer, match="our key"):
        issuer.first(new_private_key())


def of_unknown_kind(authority: Authority) -> x509.Certificate:
    """One whose key is of an algorithm that nobody has defined."""
    der = authority.issue(new_private_key()).public_bytes(Encoding.DER)
    known, unknown = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0209")
    return x509.load_der_x509_certificate(der.replace(known, unknown, 1))
