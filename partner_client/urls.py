"""Everything that this service answers, for people on this machine: nobody calls the partner."""

from django.urls import path

from partner_client.rotation.views import health, status

urlpatterns = [
    path("", status, name="home"),
    path("status", status, name="status"),
    path("health", health, name="health"),
]
