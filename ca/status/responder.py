"""Answering: who signs, what is known of the certificate, and the signed response (RFC 6960 §4.2).

https://www.rfc-editor.org/rfc/rfc6960
A response is signed by a key of its own, whose certificate the authority issued for this (§4.2.2.2). With
a nonce each one is signed afresh (RFC 9654 §2.1). Without one it may be an earlier signature, but only over
what the register still says: it is asked every time.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from ca.authority.reasons import reason_named
from ca.register.models import IssuedCertificate
from ca.status.authorities import StatusAuthority, known_authorities
from ca.status.refusals import StatusRefused, TryLater
from ca.status.requests import StatusRequest
from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.core.guidance import RETRY_LATER
from sender_constraint.core.rules import enforces, rule

ISSUER = rule(
    "ocsp.issuer", "RFC 9919 §3.2.3", "The certificate's issuer is not an authority of this scheme."
).explained(
    "the hashed name and key of an authority of this scheme",
    "those of another: {presented}",
    "Use the certificate's own issuer, and the address in the certificate.",
)
RESPONDER = rule("ocsp.responder", "RFC 6960 §2.3", "The OCSP responder has no valid certificate.").explained(
    "a valid certificate of the responder", "none", RETRY_LATER
)

# Signed responses of one process that may be given again; each takes about one kibibyte.
KEPT_RESPONSES = 4096


@dataclass(frozen=True, slots=True)
class Status:
    """What the register says of a serial number of one authority (RFC 6960 §2.2)."""

    state: ocsp.OCSPCertStatus
    revoked_at: datetime | None = None
    reason: x509.ReasonFlags | None = None


UNKNOWN = Status(ocsp.OCSPCertStatus.UNKNOWN)
GOOD = Status(ocsp.OCSPCertStatus.GOOD)


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that answers for an authority, and its certificate. id: of its generation."""

    id: str
    private_key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Answer:
    """A signed response, DER; aware times, UTC. reusable_until: may be given again before it."""

    der: bytes
    this_update: datetime
    reusable_until: datetime


def authority_asked_about(request: StatusRequest) -> StatusAuthority:
    """Ours whose name and key the request names. Raises StatusRefused, and NoAuthority."""
    for authority in known_authorities():
        name_hash, key_hash = _issuer_hashes(authority.certificate, request.algorithm)
        if (name_hash, key_hash) == (request.issuer_name_hash, request.issuer_key_hash):
            return check_is_ours(request, authority)
    return check_is_ours(request, None)


@enforces(ISSUER)
def check_is_ours(request: StatusRequest, authority: StatusAuthority | None) -> StatusAuthority:
    """Nobody answers for somebody else's certificates."""
    if authority is None:
        raise StatusRefused(
            ISSUER,
            "This responder does not serve that CA",
            presented={"name": request.issuer_name_hash.hex(), "key": request.issuer_key_hash.hex()},
        )
    return authority


def status_of(authority: StatusAuthority, serial_number: int) -> Status:
    """What the register says: by issuer and serial number together."""
    record = (
        IssuedCertificate.objects.filter(issuer=authority.identity, serial=f"{serial_number:x}")
        .values_list("revoked_at", "revocation_reason")
        .first()
    )
    if record is None:
        return UNKNOWN
    revoked_at, reason = record
    if revoked_at is None:
        return GOOD
    return Status(ocsp.OCSPCertStatus.REVOKED, revoked_at.replace(microsecond=0), reason_named(reason))


class Responder:
    """Signs for one authority. Safe among threads and greenlets.

    validity: of each response, from when it is signed. A response without a nonce is given again for the
    first half of it.
    """

    def __init__(self, store: GenerationStore, validity: timedelta) -> None:
        self._store = store
        self._validity = validity
        self._signer: Signer | None = None
        self._kept: OrderedDict[tuple[object, ...], Answer] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, request: StatusRequest, status: Status, now: datetime) -> Answer:
        """The response to a request. Raises TryLater where there is no valid certificate to sign with."""
        signer = check_can_sign(self._current_signer(), now)
        if request.nonce is not None:
            return self._sign(signer, request, status, now)
        asked = (request.algorithm.name, request.issuer_name_hash, request.serial_number, status, signer.id)
        with self._lock:
            kept = self._kept.get(asked)
        if kept is not None and kept.this_update <= now < kept.reusable_until:
            return kept
        answer = self._sign(signer, request, status, now)
        with self._lock:
            self._kept[asked] = answer
            self._kept.move_to_end(asked)
            while len(self._kept) > KEPT_RESPONSES:
                self._kept.popitem(last=False)
        return answer

    def _sign(self, signer: Signer, request: StatusRequest, status: Status, now: datetime) -> Answer:
        this_update = now.astimezone(UTC).replace(microsecond=0)
        # Never beyond the certificate that says whose word it is.
        next_update = min(this_update + self._validity, signer.certificate.not_valid_after_utc)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=request.issuer_name_hash,
                issuer_key_hash=request.issuer_key_hash,
                serial_number=request.serial_number,
                algorithm=request.algorithm,
                cert_status=status.state,
                this_update=this_update,
                next_update=next_update,
                revocation_time=status.revoked_at,
                revocation_reason=_said(status.reason),
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
            .certificates([signer.certificate])
        )
        if request.nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(request.nonce), critical=False)
        der = builder.sign(signer.private_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        return Answer(der, this_update, this_update + (next_update - this_update) / 2)

    def _current_signer(self) -> Signer | None:
        """From the current generation, read anew only when another one took its place.

        Where that one is broken the last good one goes on: the one in memory, or on disk if none is.
        """
        signer = self._signer
        if signer is not None and self._store.current_id() == signer.id:
            return signer
        try:
            generation = self._store.last_good() if signer is None else self._store.current()
        except (NoGeneration, BrokenGeneration):
            return signer
        key = serialization.load_pem_private_key(generation.private_key_path.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - its worker makes no others
        self._signer = Signer(generation.id, key, generation.certificate)
        return self._signer


@enforces(RESPONDER)
def check_can_sign(signer: Signer | None, now: datetime) -> Signer:
    """A signature under a certificate that has ended is worth nothing."""
    if signer is None:
        raise TryLater(RESPONDER, "The responder has no certificate; run `./scripts/manage ca enrol`")
    if now >= signer.certificate.not_valid_after_utc:
        raise TryLater(
            RESPONDER,
            "The responder's certificate has expired",
            not_after=signer.certificate.not_valid_after_utc,
        )
    return signer


def _said(reason: x509.ReasonFlags | None) -> x509.ReasonFlags | None:
    """RFC 5280 §5.3.1: "unspecified" is said by saying nothing."""
    return None if reason is x509.ReasonFlags.unspecified else reason


def _issuer_hashes(authority: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """RFC 6960 §4.1.1: over the name in DER, and over the key's bits without tag, length and unused bits."""
    key = authority.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return _hashed(authority.subject.public_bytes(), algorithm), _hashed(key, algorithm)


def _hashed(content: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()
