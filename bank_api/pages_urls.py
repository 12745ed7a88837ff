"""The whole HTTP surface of the pages for people."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from bank_api.documentation.views import documentation
from bank_api.health import health
from bank_api.openapi import document

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="documentation")),
    path("documentation", documentation, name="documentation"),
    path("admin/", admin.site.urls),
    path("openapi.json", document, name="openapi"),
    path("health", health),
]

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"
