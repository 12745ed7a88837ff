"""The HTTP surface of pages that are an admin and nothing else; for ``ROOT_URLCONF``."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from operations.status.health import database, healthy_with

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("health", healthy_with(database)),
]

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"
