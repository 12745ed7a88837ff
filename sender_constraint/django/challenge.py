"""The challenges of this process's protected resource, for every answer that asks for a token.

RFC 6750 §3, https://www.rfc-editor.org/rfc/rfc6750; RFC 9449 §7.1, https://www.rfc-editor.org/rfc/rfc9449;
RFC 9728 §5.1, https://www.rfc-editor.org/rfc/rfc9728.
"""

from sender_constraint.core.errors import Refusal
from sender_constraint.core.resources import resource_metadata_url
from sender_constraint.django.conf import library_settings
from sender_constraint.django.replay import accepts_dpop
from sender_constraint.resource_server.challenges import challenge, challenges
from sender_constraint.resource_server.presentation import scheme_of


def resource_challenge(
    authorization: str | None, refusal: Refusal | None = None, scope: str | None = None
) -> str:
    """The WWW-Authenticate header for ``RESOURCE``, with what was refused, and where its metadata is.

    authorization: the header of the request, whose scheme comes first in the answer.
    scope: space-separated, what the resource needs; for insufficient_scope (RFC 6750 §3.1).
    """
    resource = library_settings().resource
    metadata = resource_metadata_url(resource)
    if not accepts_dpop():
        return challenge(resource, refusal, scope, resource_metadata=metadata)
    return challenges(
        resource,
        refusal,
        scope,
        scheme=scheme_of(authorization),
        resource_metadata=metadata,
    )
