"""All addresses over plain HTTP: what is public and signed, for those who have no trust anchor yet.

Whoever takes a root from here compares its fingerprint with one that came another way.
"""

from django.urls import path

from ca.authority.hierarchy import ISSUING, ROOT
from ca.register import views as register
from ca.status import views as status

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"

urlpatterns = [
    path("ocsp", status.ocsp, name="ocsp"),
    path("ocsp/<path:encoded>", status.ocsp_by_path, name="ocsp"),
    path("issuing.crl", status.revocation_list, {"authority": ISSUING}, name="crl"),
    path("root.crl", status.revocation_list, {"authority": ROOT}, name="crl"),
    path("roots.pem", register.roots, name="roots"),
    path("root.der", register.root_der, name="roots"),
    path("issuing.pem", register.issuing_pem, name="issuing"),
    path("issuing.der", register.issuing_der, name="issuing"),
    path("health", register.health, name="health"),
]
