"""All addresses over plain HTTP: what is public and signed, for those who have no trust anchor yet.

Whoever takes a root from here compares its fingerprint with one that came another way.
"""

from django.urls import path, register_converter

from ca.authority.hierarchy import ISSUING, ROOT
from ca.directory import views as directory
from ca.register import views as register
from ca.status import views as status


class AuthorityName:
    """The names of authorities in addresses: the root, the first issuing one, its successors."""

    regex = rf"{ROOT}|{ISSUING}(?:-[1-9][0-9]*)?"

    def to_python(self, value: str) -> str:
        """The name itself."""
        return value

    def to_url(self, value: str) -> str:
        """The name itself."""
        return value


register_converter(AuthorityName, "authority")

handler400 = "sender_constraint.django.problem_details.bad_request"
handler404 = "sender_constraint.django.problem_details.page_not_found"
handler500 = "sender_constraint.django.problem_details.server_error"

urlpatterns = [
    path("ocsp", status.ocsp, name="ocsp"),
    path("ocsp/<path:encoded>", status.ocsp_by_path, name="ocsp"),
    path("roots.pem", register.roots, name="roots"),
    path("<authority:authority>.crl", status.revocation_list, name="crl"),
    path("<authority:authority>.pem", register.authority_pem, name="authority"),
    path("<authority:authority>.der", register.authority_der, name="authority"),
    path("directory/participants.json", directory.participant_list, name="directory.participants"),
    path("directory/jwks", directory.jwks, name="directory.jwks"),
    path("health", register.health, name="health"),
]
