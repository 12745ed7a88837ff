"""OCSP responses, each with one thing wrong, beside the one that is accepted."""

import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.certificates.csr import private_key_pem
from sender_constraint.certificates.errors import StatusNotVerified
from sender_constraint.certificates.ocsp import (
    CLOCK_TOLERANCE,
    MAX_RESPONSE_BYTES,
    NONCE_BYTES,
    VerifiedStatus,
    ocsp_request,
    verify_response,
)
from sender_constraint.core.revocation import State
from tests.sender_constraint.pki import NOW, Issued, issue, make_scheme
from tests.sender_constraint.responder import nonce_of

SCHEME = make_scheme()
FOREIGN = make_scheme("Foreign")
PARTNER = issue(SCHEME.issuing)
OTHER = issue(SCHEME.issuing, subject="other-partner")
NONCE = secrets.token_bytes(NONCE_BYTES)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
OCSP_SIGNING = (ExtendedKeyUsageOID.OCSP_SIGNING,)


def delegate(issuer: Issued | None = SCHEME.issuing, **changes: Any) -> Issued:
    """A responder that the issuer delegated, changed."""
    made = {"subject": "responder", "usages": OCSP_SIGNING, "more": [x509.OCSPNoCheck()], **changes}
    return issue(issuer, **made)


DELEGATE = delegate(not_after=NOW + timedelta(days=3650))
# With the same names, and other keys.
OTHER_DELEGATE = delegate()
TWIN = issue(SCHEME.root, subject=SCHEME.issuing.certificate.subject, authority=True)
SHA_1 = hashes.SHA1()  # noqa: S303 - what is older, or refused
BY_NAME = ocsp.OCSPResponderEncoding.NAME


@dataclass(frozen=True)
class Response:
    """A response that is accepted, but for what a test changes."""

    about: x509.Certificate = PARTNER.certificate
    issuer: x509.Certificate = SCHEME.issuing.certificate
    signer: Issued = DELEGATE
    key: Any = None
    brought: Sequence[x509.Certificate] = (DELEGATE.certificate,)
    nonce: bytes | None = NONCE
    certificate_id: Any = field(default_factory=hashes.SHA256)
    signed_with: Any = field(default_factory=hashes.SHA256)
    encoding: ocsp.OCSPResponderEncoding = ocsp.OCSPResponderEncoding.HASH
    state: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    this_update: datetime = NOW
    next_update: datetime | None = NOW + MINUTE
    more: Sequence[tuple[x509.ExtensionType, bool]] = ()

    def der(self) -> bytes:
        revoked = self.state is ocsp.OCSPCertStatus.REVOKED
        builder = ocsp.OCSPResponseBuilder().add_response(
            self.about,
            self.issuer,
            self.certificate_id,
            self.state,
            self.this_update,
            self.next_update,
            NOW - SECOND if revoked else None,
            x509.ReasonFlags.key_compromise if revoked else None,
        )
        builder = builder.responder_id(self.encoding, self.signer.certificate)
        if self.brought:
            builder = builder.certificates(self.brought)
        if self.nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(self.nonce), critical=False)
        for extension, critical in self.more:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key or self.signer.key, self.signed_with).public_bytes(Encoding.DER)

    def verified(self, nonce: bytes | None = NONCE, now: datetime = NOW) -> VerifiedStatus:
        return verify(self.der(), nonce, now)

    def refused(self, reason: str, nonce: bytes | None = NONCE, now: datetime = NOW) -> None:
        with pytest.raises(StatusNotVerified, match=reason):
            self.verified(nonce, now)


def verify(der: bytes, nonce: bytes | None = None, now: datetime = NOW) -> VerifiedStatus:
    return verify_response(der, PARTNER.certificate, SCHEME.issuing.certificate, now, nonce)


def by_openssl(folder: Path, *about: Issued, digest: str = "sha256") -> bytes:
    """A pre-signed response such as no builder makes."""
    serials = [f"{each.certificate.serial_number:040X}" for each in about]
    lines = [f"V\t360101000000Z\t\t{serial}\tunknown\t/CN={serial}\n" for serial in serials]
    (folder / "index").write_text("".join(lines))
    (folder / "issuer.pem").write_bytes(SCHEME.issuing.pem)
    (folder / "responder.pem").write_bytes(DELEGATE.pem + private_key_pem(DELEGATE.key))
    asked: list[str] = []
    for number, each in enumerate(about):
        (folder / f"{number}.pem").write_bytes(each.pem)
        asked += ["-cert", f"{number}.pem"]
    command = ["openssl", "ocsp", "-index", "index", "-CA", "issuer.pem", "-issuer", "issuer.pem", *asked]
    signing = ["-rsigner", "responder.pem", "-rkey", "responder.pem", "-rmd", digest, "-no_nonce"]
    written = ["-nmin", "5", "-noverify", "-respout", "response.der"]
    subprocess.run([*command, *signing, *written], cwd=folder, check=True, capture_output=True)
    return (folder / "response.der").read_bytes()


def by(signer: Issued, **changes: Any) -> Response:
    """Signed by this delegate."""
    return Response(signer=signer, brought=(signer.certificate,), **changes)


@pytest.mark.clause("RFC 9654 §2.1")
def test_a_request_asks_about_one_certificate_in_sha_256_with_a_long_nonce() -> None:
    der = ocsp_request(PARTNER.certificate, SCHEME.issuing.certificate, NONCE)
    request = ocsp.load_der_ocsp_request(der)
    assert request.serial_number == PARTNER.certificate.serial_number
    assert isinstance(request.hash_algorithm, hashes.SHA256)
    assert nonce_of(request) == NONCE
    assert len(NONCE) >= 32
    without = ocsp_request(PARTNER.certificate, SCHEME.issuing.certificate, None)
    assert nonce_of(ocsp.load_der_ocsp_request(without)) is None


@pytest.mark.clause("RFC 6960 §4.2.2.2")
def test_the_issuer_itself_or_whom_it_delegated_may_sign() -> None:
    for encoding in ocsp.OCSPResponderEncoding:
        for response in (
            Response(encoding=encoding),
            Response(signer=SCHEME.issuing, brought=(), encoding=encoding),
        ):
            assert response.verified().state is State.GOOD


@pytest.mark.clause("RFC 6960 §2.2")
def test_a_status_says_what_was_signed() -> None:
    assert Response(state=ocsp.OCSPCertStatus.REVOKED).verified() == VerifiedStatus(
        State.REVOKED, NOW - SECOND, "keyCompromise", NOW, NOW + MINUTE
    )
    assert Response(state=ocsp.OCSPCertStatus.UNKNOWN).verified().state is State.UNKNOWN
    assert Response(next_update=None).verified() == VerifiedStatus(State.GOOD, None, None, NOW, None)


@pytest.mark.clause("RFC 6960 §2.3")
@pytest.mark.parametrize("status", [each for each in ocsp.OCSPResponseStatus if each.value])
def test_an_error_says_nothing_about_a_certificate(status: ocsp.OCSPResponseStatus) -> None:
    der = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    with pytest.raises(StatusNotVerified, match=f"answered {status.name}"):
        verify_response(der, PARTNER.certificate, SCHEME.issuing.certificate, NOW, NONCE)


@pytest.mark.clause("RFC 6960 §3.2")
def test_an_answer_about_another_certificate_is_no_answer() -> None:
    Response(about=OTHER.certificate).refused("another serial_number")
    Response(issuer=TWIN.certificate).refused("another issuer_key_hash")
    renamed = issue(SCHEME.issuing, issuer_name=FOREIGN.issuing.certificate.subject)
    Response(about=renamed.certificate).refused("another issuer_name_hash")


def test_answers_about_several_certificates_are_not_what_was_asked_for(tmp_path: Path) -> None:
    assert verify(by_openssl(tmp_path, PARTNER), now=datetime.now(UTC)).state is State.GOOD
    with pytest.raises(StatusNotVerified, match="2 answers"):
        verify(by_openssl(tmp_path, PARTNER, OTHER), now=datetime.now(UTC))


@pytest.mark.clause("RFC 6960 §3.2")
def test_an_answer_in_another_hash_than_that_of_the_question_is_refused() -> None:
    Response(certificate_id=SHA_1).refused("certID is in sha1")
    Response(certificate_id=hashes.SHA512()).refused("certID is in sha512")
    pre_signed = Response(certificate_id=SHA_1, nonce=None)
    assert pre_signed.verified(nonce=None).state is State.GOOD


@pytest.mark.clause("RFC 6960 §3.2")
def test_a_response_that_another_key_signed_is_refused() -> None:
    Response(signer=OTHER_DELEGATE, encoding=BY_NAME).refused("does not verify")
    Response(signer=TWIN, brought=(), encoding=BY_NAME).refused("does not verify")


@pytest.mark.clause("RFC 6960 §4.2.2.2")
@pytest.mark.parametrize(
    ("signer", "reason"),
    [
        (delegate(FOREIGN.issuing), "another issuer"),
        (delegate(SCHEME.root), "another issuer"),
        (delegate(None), "another issuer"),
        (delegate(None, claimed_issuer=SCHEME.issuing), "another issuer"),
        (delegate(usages=None), "not for OCSP signing"),
        (OTHER, "not for OCSP signing"),
        (delegate(usages=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), "not for OCSP signing"),
        (delegate(signs=False), "not for signatures"),
        (delegate(more=[]), "own status"),
        (delegate(not_after=NOW - SECOND), "not in its validity"),
        (delegate(not_before=NOW + SECOND), "not in its validity"),
    ],
    ids=[
        "of another scheme",
        "of the root",
        "self-signed",
        "forged in the issuer's name",
        "no purpose",
        "a client",
        "any purpose",
        "a key for other uses",
        "without nocheck",
        "expired",
        "not yet valid",
    ],
)
def test_a_responder_that_the_issuer_did_not_delegate_is_refused(signer: Issued, reason: str) -> None:
    by(signer).refused(reason)


def test_a_response_without_its_signers_certificate_is_refused() -> None:
    Response(brought=()).refused("no certificate of its signer")
    Response(brought=(OTHER.certificate,)).refused("no certificate of its signer")


def test_a_responder_has_no_critical_extension_that_is_unknown() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert Response(more=[(unknown, False)]).verified()
    Response(more=[(unknown, True)]).refused("unknown critical extension 1.2.3.4")


@pytest.mark.clause("RFC 6194 §3.1")
def test_signatures_in_sha_1_no_longer_count(tmp_path: Path) -> None:
    assert verify(by_openssl(tmp_path, PARTNER), now=datetime.now(UTC)).state is State.GOOD
    with pytest.raises(StatusNotVerified, match="signed with sha1"):
        verify(by_openssl(tmp_path, PARTNER, digest="sha1"), now=datetime.now(UTC))


def test_responders_may_have_other_keys_than_ours() -> None:
    rsa_key = rsa.generate_private_key(65537, 2048)
    edwards = ed25519.Ed25519PrivateKey.generate()
    for key, signed_with in ((rsa_key, hashes.SHA384()), (edwards, None)):
        signer = delegate(public_key=key.public_key())
        assert by(signer, key=key, signed_with=signed_with).verified().state is State.GOOD
        other = replace(by(OTHER_DELEGATE), brought=(signer.certificate,), encoding=BY_NAME)
        other.refused("does not verify|not supported|malformed")


@pytest.mark.clause("RFC 9654 §2")
def test_a_response_to_another_request_is_refused_and_so_is_one_without_nonce() -> None:
    Response(nonce=secrets.token_bytes(NONCE_BYTES)).refused("another request's nonce")
    Response(nonce=NONCE[:-1]).refused("another request's nonce")
    Response(nonce=None).refused("has no nonce")


def test_with_a_nonce_no_clock_but_the_responders_certificate_matters() -> None:
    for this_update in (NOW - timedelta(days=9), NOW + timedelta(days=9)):
        assert Response(this_update=this_update, next_update=None).verified()


@pytest.mark.clause("RFC 6960 §4.2.2.1")
def test_a_pre_signed_answer_holds_from_this_update_to_next_update() -> None:
    pre_signed = Response(nonce=None)
    for now in (NOW, NOW + MINUTE, NOW - CLOCK_TOLERANCE):
        assert pre_signed.verified(nonce=None, now=now).next_update == NOW + MINUTE
    pre_signed.refused("nextUpdate is past", nonce=None, now=NOW + MINUTE + SECOND)
    pre_signed.refused("in the future", nonce=None, now=NOW - CLOCK_TOLERANCE - SECOND)
    Response(nonce=None, next_update=None).refused("tells no age", nonce=None)


@pytest.mark.parametrize("der", [b"", b"\x30", b"<html>", b"\x30\x03\x0a\x01\x00"], ids=repr)
def test_what_is_no_response_is_refused(der: bytes) -> None:
    with pytest.raises(StatusNotVerified):
        verify_response(der, PARTNER.certificate, SCHEME.issuing.certificate, NOW, NONCE)


def test_a_response_that_is_too_long_is_not_even_read() -> None:
    brought = [DELEGATE.certificate] * 60
    assert len(Response(brought=brought).der()) > MAX_RESPONSE_BYTES
    Response(brought=brought).refused(f"more than {MAX_RESPONSE_BYTES} bytes")


GOOD = Response().der()


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4))
def test_a_damaged_response_raises_nothing_but_that_it_is_not_verified(position: int, octets: bytes) -> None:
    damaged = GOOD[:position] + octets + GOOD[position + len(octets) :]
    try:
        status = verify_response(damaged, PARTNER.certificate, SCHEME.issuing.certificate, NOW, NONCE)
    except StatusNotVerified:
        return
    # What is not signed, such as the rest of the responder's certificate, may be damaged and say the same.
    assert status == Response().verified()
