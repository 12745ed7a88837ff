"""What an API of one's own adds to its Django settings to demand bound tokens.

In ``settings.py``::

    from sender_constraint.django.settings import protected_api

    INSTALLED_APPS = ["rest_framework", "sender_constraint.django", "orders"]
    MIDDLEWARE = [
        "sender_constraint.django.middleware.correlation",
        "sender_constraint.django.dpop.nonce_header",
        "sender_constraint.django.metadata.protected_resource_metadata",
        ...
    ]
    globals().update(protected_api("orders"))

and in ``REST_FRAMEWORK`` the classes of ``authentication`` and ``permissions``, and the handler of
``exceptions``. Every value comes from the process's environment, or from ``service.env`` in ``STATE_DIR``.
"""

from typing import Any

from operations.settings.environment import ServiceEnvironment
from sender_constraint.core.resources import origin_of


def protected_api(service: str) -> dict[str, Any]:
    """The settings of a protected resource. service: its name, in the audit trail and in checks.

    ``ISSUER``, ``RESOURCE`` and ``TRUST_BUNDLE`` have no default that would do elsewhere; the others are
    described in ``protected_resource`` and ``status``. Raises ImproperlyConfigured.
    """
    environment = ServiceEnvironment(service)
    return {
        "SERVICE": service,
        "STATE_DIR": environment.state,
        "AUDIT_DIR": environment.audit_directory(),
        "ISSUER": environment.text("ISSUER"),
        "ISSUER_ALGORITHMS": environment.words("ISSUER_ALGORITHMS", "ES256,PS256,EdDSA"),
        "ISSUER_JWKS_URI": environment.text("ISSUER_JWKS_URI", ""),
        "ACCESS_TOKEN_TYPES": environment.words("ACCESS_TOKEN_TYPES", "at+jwt"),
        "CLIENT_ID_CLAIM": environment.text("CLIENT_ID_CLAIM", "client_id"),
        "SCOPE_CLAIM": environment.text("SCOPE_CLAIM", "scope"),
        "REPORT_ROUTES": environment.words("REPORT_ROUTES"),
        "RESOURCE": environment.text("RESOURCE"),
        "PUBLIC_ORIGIN": environment.text("PUBLIC_ORIGIN", origin_of(environment.text("RESOURCE"))),
        "DPOP_NONCE_REQUIRED": environment.flag("DPOP_NONCE_REQUIRED"),
        "DPOP_NONCE_SECONDS": environment.number("DPOP_NONCE_SECONDS", 60),
        "TRUST_BUNDLE": environment.trust_bundle(),
        "ACCEPT_FOREIGN_CERTIFICATES": environment.accept_foreign(),
        "INTROSPECTION_CLIENT_ID": environment.text("INTROSPECTION_CLIENT_ID", ""),
        "INTROSPECTIONS_PER_CERTIFICATE": environment.number("INTROSPECTIONS_PER_CERTIFICATE", 60),
        "INTROSPECTIONS_WITHOUT_CERTIFICATE": environment.number("INTROSPECTIONS_WITHOUT_CERTIFICATE", 60),
        "OCSP_URL": environment.ocsp_url(),
        "ISSUER_STATUS": environment.issuer_status(),
        "REVOCATION_SECONDS": environment.number("REVOCATION_SECONDS", 5),
        "STATUS_GRACE_SECONDS": environment.number("STATUS_GRACE_SECONDS", 0),
        # No default: a check at start asks for it, since proofs of DPoP have to be remembered.
        "REDIS_URL": environment.text("REDIS_URL", ""),
        "SERVER_CERTIFICATE": environment.placed_files("server"),
    }
