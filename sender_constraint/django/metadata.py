"""The metadata of a protected resource, at the address that its challenges name (``resource_metadata``).

RFC 9728 §3.1 and §3.2, https://www.rfc-editor.org/rfc/rfc9728. For an API of one's own: one line of its
``MIDDLEWARE``, so that its routes stay as they are. Where the document is follows from ``RESOURCE``, never
from the request.
"""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, URLResolver, get_resolver

from sender_constraint.core.resources import resource_metadata_url
from sender_constraint.django.conf import library_settings
from sender_constraint.django.replay import accepts_dpop
from sender_constraint.resource_server.resource_metadata import resource_metadata

MAX_AGE_SECONDS = 300


def protected_resource_metadata(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: answers GET and HEAD at the well-known path; public, since the caller has no token yet."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path != metadata_path():
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return metadata_response(library_settings().name, sorted(set(_scopes(get_resolver().url_patterns))))

    return handle


def metadata_path() -> str:
    """The path of the document (RFC 9728 §3.1)."""
    return urlsplit(resource_metadata_url(library_settings().resource)).path


def metadata_response(name: str, scopes: list[str]) -> HttpResponse:
    """The document as an answer. name, scopes: as in ``resource_metadata``."""
    configured = library_settings()
    document = resource_metadata(
        configured.resource, configured.issuer, name=name, scopes=scopes, dpop=accepts_dpop()
    )
    return JsonResponse(document, headers={"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"})


def _scopes(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    """The scopes that the views demand (``permissions.RequiredScope``)."""
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _scopes(each.url_patterns)
        else:
            view = getattr(each.callback, "cls", getattr(each.callback, "view_class", None))
            yield from str(getattr(view, "required_scope", "")).split()
