"""``manage.py enrol``: the authority's own certificates."""

from django.core.management.base import CommandError

from ca.status.stores import ROOT_RESPONDER
from sender_constraint.django.certificate_stores import DeclaredStore
from sender_constraint.django.enrol_command import EnrolCommand


class Command(EnrolCommand):
    """Ensures that the authority holds valid certificates of its own."""

    help = (
        "Ensure that the authority holds valid certificates, to serve and to answer OCSP: it issues and "
        "renews them by itself. That of the root's responder takes the root's key, which may be in a safe."
    )

    def _ensure(self, declared: DeclaredStore, seconds: float) -> None:
        try:
            super()._ensure(declared, seconds)
        except CommandError as error:
            if declared.purpose != ROOT_RESPONDER:
                raise
            self.stderr.write(
                f"{error}. Nobody learns now whether the issuing authority is revoked: fetch the root's key "
                "from its safe, and run `manage.py enrol`"
            )
