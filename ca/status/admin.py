"""The revocation lists in the admin."""

from cryptography import x509
from django.contrib import admin

from ca.status.models import RevocationList
from operations.pages.view_only import ViewOnly
from sender_constraint.core.untrusted_input import revocation_list_from_der


@admin.register(RevocationList)
class RevocationListAdmin(ViewOnly):
    """``manage.py revoke`` and ``publish_lists``, and the worker, publish them."""

    list_display = ("authority", "number", "revoked", "this_update", "next_update", "scheduled_at")
    ordering = ("issuer", "-number")
    fields = ("authority", "number", "this_update", "next_update", "scheduled_at", "revoked", "serials")

    def authority(self, record: RevocationList) -> str:
        """Who signed it."""
        return _parsed(record).issuer.rfc4514_string()

    def revoked(self, record: RevocationList) -> int:
        """How many certificates are on it."""
        return len(_parsed(record))

    def serials(self, record: RevocationList) -> str:
        """Theirs, as the register writes them, one in a line."""
        serials = "\n".join(f"{each.serial_number:x}" for each in _parsed(record))
        return serials or self.get_empty_value_display()


def _parsed(record: RevocationList) -> x509.CertificateRevocationList:
    return revocation_list_from_der(bytes(record.der))
