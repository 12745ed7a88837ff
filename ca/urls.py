"""All addresses over TLS."""

from django.urls import path

from ca.enrolment import views as est
from ca.register import views as register

urlpatterns = [
    # RFC 7030 §3.2.2
    path(".well-known/est/cacerts", est.cacerts),
    path(".well-known/est/simpleenroll", est.simpleenroll),
    path(".well-known/est/simplereenroll", est.simplereenroll),
    path("health", register.health),
]
