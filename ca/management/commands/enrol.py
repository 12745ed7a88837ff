"""``manage.py enrol``: the authority's own certificates."""

from django.core.management.base import CommandError

from ca.authority.hierarchy import ROOT
from ca.register.configuration import authority_directory
from ca.status.stores import authority_answered_for
from operations.certificates.stores import DeclaredStore
from operations.management.commands import enrol

ROOT_AWAY = (
    "Nobody learns now whether the issuing authority is revoked: fetch the root's key from its safe, and run "
    "`./scripts/manage ca enrol`"
)
REPLACED_AWAY = (
    "Nobody learns now whether what this replaced authority issued is revoked, so it is refused: its holders "
    "renew it"
)


class Command(enrol.Command):
    """Ensures that the authority holds valid certificates of its own."""

    help = (
        "Ensure that the authority holds valid certificates, to serve and to answer OCSP: it issues and "
        "renews them by itself. That of the root's responder takes the root's key, which may be in a safe."
    )

    def _ensure(self, declared: DeclaredStore, seconds: float) -> None:
        try:
            super()._ensure(declared, seconds)
        except CommandError as error:
            authority = authority_answered_for(declared.purpose)
            if authority in (None, authority_directory().current_issuing()):
                raise
            self.stderr.write(f"{error}. {ROOT_AWAY if authority == ROOT else REPLACED_AWAY}")
