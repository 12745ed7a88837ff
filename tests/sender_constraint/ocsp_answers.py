"""What the responder of a test's authority says of the certificates that it issued."""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from tests.sender_constraint.authority import Authority
from tests.sender_constraint.responder import nonce_of


class OcspAnswers:
    """Answers a ``Responder``'s requests, with their nonce: good, but for what a test revokes or forgets."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._revoked: set[int] = set()
        self._forgotten: set[int] = set()

    def revoke(self, certificate: x509.Certificate) -> None:
        self._revoked.add(certificate.serial_number)

    def forget(self, certificate: x509.Certificate) -> None:
        self._forgotten.add(certificate.serial_number)

    def __call__(self, request: ocsp.OCSPRequest) -> bytes:
        authority, now, serial = self._authority, datetime.now(UTC), request.serial_number
        issuer, key = authority.issuing, authority.key
        if serial == issuer.serial_number:
            issuer, key = authority.root, authority.root_key
        revoked = serial in self._revoked
        status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=request.issuer_name_hash,
                issuer_key_hash=request.issuer_key_hash,
                serial_number=serial,
                algorithm=request.hash_algorithm,
                cert_status=ocsp.OCSPCertStatus.UNKNOWN if serial in self._forgotten else status,
                this_update=now,
                next_update=None,
                revocation_time=now if revoked else None,
                revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.NAME, issuer)
        )
        if (nonce := nonce_of(request)) is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
