"""All addresses over TLS."""

from django.urls import path

from ca.directory import views as directory
from ca.enrolment import views as est
from ca.register import views as register
from ca.status import self_revocation

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"

urlpatterns = [
    # RFC 7030 §3.2.2
    path(".well-known/est/cacerts", est.cacerts, name="est.cacerts"),
    path(".well-known/est/simpleenroll", est.simpleenroll, name="est.simpleenroll"),
    path(".well-known/est/simplereenroll", est.simplereenroll, name="est.simplereenroll"),
    path("revoke", self_revocation.revoke_own, name="revoke"),
    path("directory/jwks", directory.jwks, name="directory.jwks"),
    path("health", register.health, name="health"),
]
