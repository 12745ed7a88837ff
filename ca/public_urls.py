"""All addresses over plain HTTP: what is public and signed, for those who have no trust anchor yet.

Whoever takes a root from here compares its fingerprint with one that came another way.
"""

from django.urls import path

from ca.register import views as register

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"

urlpatterns = [
    path("roots.pem", register.roots, name="roots"),
    path("issuing.pem", register.issuing_pem, name="issuing"),
    path("issuing.der", register.issuing_der, name="issuing"),
    path("health", register.public_health, name="health"),
]
