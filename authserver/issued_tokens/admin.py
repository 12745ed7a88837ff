"""The record of issued tokens in the admin."""

from django.contrib import admin

from authserver.issued_tokens.models import IssuedToken
from operations.pages.view_only import ViewOnly


@admin.register(IssuedToken)
class IssuedTokenAdmin(ViewOnly):
    """``manage.py revoke_tokens`` revokes them, and so does the client whose they are (RFC 7009)."""

    list_display = ("jti", "client_id", "audience", "format", "confirmation", "expires_at", "revoked_at")
    list_filter = ("client_id", "audience")
    search_fields = ("jti", "client_id", "confirmation")
    fields = (
        "jti",
        "client_id",
        "audience",
        "format",
        "confirmation",
        "expires_at",
        "revoked_at",
        "status_list",
        "status_index",
    )

    @admin.display(description="format")
    def format(self, issued: IssuedToken) -> str:
        """A signed token carries its claims; of an opaque one they are here."""
        return "jwt" if issued.claims is None else "opaque"
