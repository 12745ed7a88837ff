"""The register of clients in the admin."""

from django.contrib import admin

from authserver.clients.models import Client
from operations.pages.view_only import ViewOnly
from sender_constraint.core.thumbprints import jwk_thumbprint


@admin.register(Client)
class ClientAdmin(ViewOnly):
    """``manage.py register_client`` registers them, by the rules of RFC 7591."""

    list_display = (
        "client_id", "client_name", "token_endpoint_auth_method", "registered_name", "bound", "scope",
        "client_id_issued_at",
    )  # fmt: skip
    list_filter = (
        "token_endpoint_auth_method",
        "tls_client_certificate_bound_access_tokens",
        "dpop_bound_access_tokens",
        "access_token_format",
        "profile",
        "assertion_audience_token_endpoint",
    )
    search_fields = (
        "client_id", "client_name", "tls_client_auth_subject_dn", "tls_client_auth_san_dns",
        "tls_client_auth_san_uri", "tls_client_auth_san_ip", "tls_client_auth_san_email",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("client_id", "client_name", "software_id", "client_id_issued_at")}),
        (
            "How it authenticates",
            {
                "fields": (
                    "token_endpoint_auth_method",
                    "tls_client_auth_subject_dn",
                    "tls_client_auth_san_dns",
                    "tls_client_auth_san_uri",
                    "tls_client_auth_san_ip",
                    "tls_client_auth_san_email",
                    "token_endpoint_auth_signing_alg",
                    "assertion_audience_token_endpoint",
                    "jwks_uri",
                    "key_thumbprints",
                )
            },
        ),
        (
            "What it gets",
            {
                "fields": (
                    "tls_client_certificate_bound_access_tokens",
                    "dpop_bound_access_tokens",
                    "dpop_nonce_required",
                    "profile",
                    "access_token_format",
                    "grant_types",
                    "scope",
                    "resources",
                    "default_resource",
                    "access_token_lifetime_seconds",
                    "introspects",
                )
            },
        ),
    )

    @admin.display(description="name in its certificate")
    def registered_name(self, client: Client) -> str:
        """The one that it registered (RFC 8705 §2.1.2)."""
        names = (
            client.tls_client_auth_subject_dn,
            client.tls_client_auth_san_dns,
            client.tls_client_auth_san_uri,
            client.tls_client_auth_san_ip,
            client.tls_client_auth_san_email,
        )
        return next(filter(None, names), "")

    @admin.display(
        description="bound tokens", boolean=True, ordering="tls_client_certificate_bound_access_tokens"
    )
    def bound(self, client: Client) -> bool:
        """Whether its tokens are bound, to its certificate or to a key (RFC 8705 §3.4, RFC 9449 §5.2)."""
        return client.tls_client_certificate_bound_access_tokens or client.dpop_bound_access_tokens

    @admin.display(description="keys (RFC 7638 thumbprints)")
    def key_thumbprints(self, client: Client) -> str:
        """Of the public keys in its ``jwks``, one in a line."""
        thumbprints = "\n".join(map(_thumbprint, (client.jwks or {}).get("keys", [])))
        return thumbprints or self.get_empty_value_display()


def _thumbprint(jwk: dict[str, str]) -> str:
    try:
        return jwk_thumbprint(jwk)
    except ValueError as error:
        return f"{jwk.get('kty')}: {error}"
