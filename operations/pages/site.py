"""The admin of a service, with a page that says how the service is."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from operations.pages.login import LoginForm
from operations.status.current import status_document
from operations.status.tables import tables_of, time_text


class ServiceSite(AdminSite):
    """Django's admin, named after its service by the setting ``ADMIN_TITLE``."""

    login_form = LoginForm
    index_template = "administration/index.html"
    index_title = "What it keeps"
    # There are few lists, and their columns are wide.
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page knows."""
        return {
            **super().each_context(request),
            "site_title": settings.ADMIN_TITLE,
            "site_header": settings.ADMIN_TITLE,
            "site_url": settings.ADMIN_SITE_URL,
        }

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's, and the state; before them, as Django's last one takes whatever is left."""
        return [path("state/", self.admin_view(self.state), name="state"), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What there is to look at, and above it how the service is."""
        return super().index(request, {"status": status_document(), **(extra_context or {})})

    def state(self, request: HttpRequest) -> TemplateResponse:
        """What ``manage.py status`` says: alarms, what expires, background tasks."""
        document = status_document()
        context = {
            **self.each_context(request),
            "title": "State",
            "status": document,
            "as_of": time_text(document["time"]),
            "tables": tables_of(document),
        }
        return TemplateResponse(request, "administration/state.html", context)
