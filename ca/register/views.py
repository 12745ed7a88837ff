"""What the authority publishes for everyone, and whether it is well."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ca.authority.directory import pem_of
from ca.register.configuration import authority_directory
from sender_constraint.django.health import database, healthy_with

PEM_MEDIA_TYPE = "application/pem-certificate-chain"  # RFC 8555 §9.1
DER_MEDIA_TYPE = "application/pkix-cert"  # RFC 2585 §4.1


@require_safe
def roots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The root certificate, PEM."""
    root, _ = _certificates()
    return HttpResponse(pem_of((root,)), content_type=PEM_MEDIA_TYPE)


@require_safe
def root_der(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The root certificate, DER, which the issuing authority's certificate leads to."""
    root, _ = _certificates()
    return HttpResponse(root.public_bytes(serialization.Encoding.DER), content_type=DER_MEDIA_TYPE)


@require_safe
def issuing_pem(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The issuing authority's certificate, PEM."""
    _, issuing = _certificates()
    return HttpResponse(pem_of((issuing,)), content_type=PEM_MEDIA_TYPE)


@require_safe
def issuing_der(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The issuing authority's certificate, DER."""
    _, issuing = _certificates()
    return HttpResponse(issuing.public_bytes(serialization.Encoding.DER), content_type=DER_MEDIA_TYPE)


def _certificates() -> tuple[x509.Certificate, x509.Certificate]:
    return authority_directory().certificates()


health = healthy_with(_certificates, database)
