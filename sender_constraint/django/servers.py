"""How a Django service checks the servers that it calls: by the settings of ``status``, into its trail."""

from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.core.errors import Refusal
from sender_constraint.django.audit import trail
from sender_constraint.django.status import certificate_status


def server_status() -> ServerStatus:
    """The statuses of this process, for the certificates of servers."""
    return ServerStatus(certificate_status(), _record)


def _record(server: str, refusal: Refusal) -> None:
    trail().refused("server.certificate", refusal, server=server)
