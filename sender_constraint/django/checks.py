"""Numbered checks of settings that several services have. Each service registers those that it needs."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from sender_constraint.django.trust import NoTrustAnchors, trust_anchors

# The tag of what needs the work of other commands or services, and is checked before serving only.
SERVING = "serving"


def check_trust_bundle(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Without trust anchors nobody can be authenticated, and no server be trusted."""
    try:
        trust_anchors()
    except NoTrustAnchors as error:
        hint = "TRUST_BUNDLE names the PEM file of the scheme's certificate authorities, root included."
        return [Error(f"The trust bundle cannot be used: {error}", hint=hint, id="sender_constraint.E001")]
    return []


def check_renewal(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """A certificate that nobody looks at ends."""
    if settings.RENEWAL_CHECK_SECONDS > 0:
        return []
    hint = "A thirtieth of the certificate's lifetime is a good choice."
    return [Error("RENEWAL_CHECK_SECONDS is not positive.", hint=hint, id="sender_constraint.E002")]
