"""The challenge of this process's protected resource, for every answer that asks for a token.

RFC 6750 §3, https://www.rfc-editor.org/rfc/rfc6750; RFC 9728 §5.1, https://www.rfc-editor.org/rfc/rfc9728.
"""

from django.conf import settings

from sender_constraint.errors import Refusal
from sender_constraint.resource_server.challenges import bearer_challenge
from sender_constraint.resources import resource_metadata_url


def resource_challenge(refusal: Refusal | None = None, scope: str | None = None) -> str:
    """The WWW-Authenticate header for ``RESOURCE``, with what was refused, and where its metadata is.

    scope: space-separated, what the resource needs; for insufficient_scope (RFC 6750 §3.1).
    """
    metadata = resource_metadata_url(settings.RESOURCE)
    return bearer_challenge(settings.RESOURCE, refusal, scope, resource_metadata=metadata)
