"""Keys, requests and callers from which the tests take one thing away at a time."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs7
from django.http import HttpResponse
from django.test import Client

from tests.connection import FakeTLSSocket

PARTNER = "CN=partner,O=Partner Ltd,C=GB"
PARTNER_DNS = "partner.example"
PARTNER_URI = "urn:example:partner"
EST = "/.well-known/est"


class MovedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def builder(
    subject: str | x509.Name = PARTNER, names: Sequence[x509.GeneralName] = (x509.DNSName(PARTNER_DNS),)
) -> x509.CertificateSigningRequestBuilder:
    name = x509.Name.from_rfc4514_string(subject) if isinstance(subject, str) else subject
    built = x509.CertificateSigningRequestBuilder().subject_name(name)
    return built.add_extension(x509.SubjectAlternativeName(names), critical=False) if names else built


def signed(
    request: x509.CertificateSigningRequestBuilder,
    key: CertificateIssuerPrivateKeyTypes,
    algorithm: hashes.SHA256 | hashes.SHA224 | None = hashes.SHA256(),  # noqa: B008 - a constant
) -> bytes:
    return request.sign(key, algorithm).public_bytes(serialization.Encoding.DER)


def csr(
    key: CertificateIssuerPrivateKeyTypes,
    subject: str | x509.Name = PARTNER,
    names: Sequence[x509.GeneralName] = (x509.DNSName(PARTNER_DNS),),
) -> bytes:
    return signed(builder(subject, names), key)


def corrupted(der: bytes) -> bytes:
    """The same with another last byte, which is the signature's."""
    return der[:-1] + bytes([der[-1] ^ 1])


def basic(participant: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{participant}:{secret}".encode()).decode()


def post(
    client: Client,
    operation: str,
    body: bytes,
    *,
    content_type: str = "application/pkcs10",
    authorization: str | None = None,
    certificate: x509.Certificate | None = None,
    **more: Any,
) -> HttpResponse:
    """Ask EST. body: as it is sent."""
    extra: dict[str, Any] = {"CONTENT_TYPE": content_type, **more}  # also beside an empty body
    if authorization is not None:
        extra["HTTP_AUTHORIZATION"] = authorization
    if certificate is not None:
        extra["gunicorn.socket"] = FakeTLSSocket([certificate.public_bytes(serialization.Encoding.DER)])
    url = f"{EST}/{operation}"
    # The test client's own response type is a monkey-patched HttpResponse.
    return client.post(url, data=body, content_type=content_type, **extra)  # type: ignore[return-value]  # see above


def encoded(der: bytes) -> bytes:
    return base64.encodebytes(der)


def issued(response: HttpResponse) -> x509.Certificate:
    """The certificate in an answer, which is the only one there."""
    assert response.status_code == 200, response.content
    (certificate,) = pkcs7.load_der_pkcs7_certificates(base64.b64decode(response.content))
    return certificate
