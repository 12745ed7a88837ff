"""Everything that this service answers, for people on this machine: nobody calls the partner."""

from django.urls import path

from partner_client.rotation.views import health, home, jwks, status

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("status", status, name="status"),
    path("health", health, name="health"),
    path("jwks", jwks, name="jwks"),
]
