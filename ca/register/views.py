"""What the authority publishes for everyone, and whether it is well."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ca.authority.directory import pem_of
from ca.authority.hierarchy import ROOT
from ca.register.configuration import authority_directory
from operations.status.health import database, healthy_with

PEM_MEDIA_TYPE = "application/pem-certificate-chain"  # RFC 8555 §9.1
DER_MEDIA_TYPE = "application/pkix-cert"  # RFC 2585 §4.1


@require_safe
def roots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The root certificate, PEM."""
    return HttpResponse(pem_of((authority_directory().certificate(ROOT),)), content_type=PEM_MEDIA_TYPE)


@require_safe
def authority_pem(request: HttpRequest, authority: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The certificate of an authority, PEM."""
    certificate = authority_directory().certificate(known(authority))
    return HttpResponse(pem_of((certificate,)), content_type=PEM_MEDIA_TYPE)


@require_safe
def authority_der(request: HttpRequest, authority: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The same in DER; the certificates that it issued lead to it."""
    certificate = authority_directory().certificate(known(authority))
    return HttpResponse(certificate.public_bytes(serialization.Encoding.DER), content_type=DER_MEDIA_TYPE)


def known(authority: str) -> str:
    """The name of an authority that there is. Raises Http404."""
    if authority != ROOT and authority not in authority_directory().issuing_names():
        raise Http404
    return authority


def _certificates() -> tuple[x509.Certificate, ...]:
    return authority_directory().certificates()


health = healthy_with(_certificates, database)
