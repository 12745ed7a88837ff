"""OCSP requests, and answers that are believed only if an authority stands behind them (RFC 6960 §3.2)."""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.http import HttpResponse
from django.test import Client

DER = serialization.Encoding.DER
SHA1 = hashes.SHA1()  # noqa: S303 - what openssl asks with, and tells authorities apart
NONCE = b"a nonce of thirty-two octets ...."[:32]


def ocsp_request(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    *,
    nonce: bytes | None = NONCE,
    algorithm: hashes.HashAlgorithm | None = None,
) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm or SHA1)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(DER)


@dataclass(frozen=True)
class Asker:
    """Asks on the public surface."""

    client: Client

    def post(self, der: bytes, content_type: str = "application/ocsp-request") -> HttpResponse:
        # The test client's own response type is a monkey-patched HttpResponse.
        extra: dict[str, Any] = {"CONTENT_TYPE": content_type}  # also beside an empty body
        return self.client.post("/ocsp", data=der, content_type=content_type, **extra)  # type: ignore[return-value]  # see above

    def get(self, der: bytes) -> HttpResponse:
        return self.client.get(f"/ocsp/{quote(base64.b64encode(der), safe='')}")  # type: ignore[return-value]  # see above

    def status(self, certificate: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPCertStatus:
        return believed(self.post(ocsp_request(certificate, issuer)), issuer).certificate_status


def read(response: HttpResponse) -> ocsp.OCSPResponse:
    assert response.headers["Content-Type"] == "application/ocsp-response"
    return ocsp.load_der_ocsp_response(response.content)


def believed(response: HttpResponse, issuer: x509.Certificate) -> ocsp.OCSPResponse:
    """A successful answer, signed by a responder to whom the issuer delegated it (§4.2.2.2)."""
    assert response.status_code == 200
    answer = read(response)
    assert answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    (responder,) = answer.certificates
    responder.verify_directly_issued_by(issuer)
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    key = responder.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    return answer


def nonce_of(answer: ocsp.OCSPResponse) -> bytes | None:
    try:
        return answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None
