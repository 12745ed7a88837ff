"""What the authorities of a scheme say of their certificates, by OCSP, with the nonce of the request."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from tests.sender_constraint.pki import Issued, Scheme
from tests.sender_constraint.responder import nonce_of


class SchemeStatus:
    """A ``Reply``: every certificate is good, but those that were revoked, or are not known.

    delegate: signs for the issuing authority in its place; the root signs by itself. echoes: whether the
    nonce comes back. asked: serial numbers, in order.
    """

    def __init__(self, scheme: Scheme, delegate: Issued | None = None) -> None:
        self.scheme = scheme
        self.delegate = delegate
        self.asked: list[int] = []
        self.revoked: dict[int, datetime] = {}
        self.unknown: set[int] = set()
        self.echoes = True
        self.began, self.lasts = timedelta(), timedelta(minutes=5)

    def revoke(self, issued: Issued) -> None:
        self.revoked[issued.certificate.serial_number] = datetime.now(UTC)

    def __call__(self, request: ocsp.OCSPRequest) -> bytes:
        self.asked.append(request.serial_number)
        signer = self._signer(request)
        now = datetime.now(UTC)
        revoked_at = self.revoked.get(request.serial_number)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=request.issuer_name_hash,
                issuer_key_hash=request.issuer_key_hash,
                serial_number=request.serial_number,
                algorithm=request.hash_algorithm,
                cert_status=self._state(request.serial_number),
                this_update=now - self.began,
                next_update=now - self.began + self.lasts,
                revocation_time=revoked_at,
                revocation_reason=x509.ReasonFlags.key_compromise if revoked_at else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        )
        if signer is self.delegate:
            builder = builder.certificates([signer.certificate])
        nonce = nonce_of(request)
        if nonce is not None and self.echoes:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _state(self, serial_number: int) -> ocsp.OCSPCertStatus:
        if serial_number in self.unknown:
            return ocsp.OCSPCertStatus.UNKNOWN
        revoked = serial_number in self.revoked
        return ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD

    def _signer(self, request: ocsp.OCSPRequest) -> Issued:
        if self._is_about(self.scheme.root, request):
            return self.scheme.root
        assert self._is_about(self.scheme.issuing, request)
        return self.delegate or self.scheme.issuing

    def _is_about(self, issuer: Issued, request: ocsp.OCSPRequest) -> bool:
        certificate = issuer.certificate
        own = ocsp.OCSPRequestBuilder().add_certificate(certificate, certificate, request.hash_algorithm)
        return own.build().issuer_key_hash == request.issuer_key_hash
