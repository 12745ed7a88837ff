"""Django REST Framework's EXCEPTION_HANDLER for an API that has its own way to answer its own errors.

What this library refuses is answered and recorded as ``problem_details`` does; everything else is left as it
was. An API with a handler of its own calls this one first.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework import views

from sender_constraint.core.errors import Refusal
from sender_constraint.django import problem_details
from sender_constraint.django.trust import NoTrustAnchors
from sender_constraint.resource_server.issuer_keys import KeysUnavailable


def exception_handler(exception: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The answer to a refusal of this library, or what Django REST Framework would answer by itself."""
    if isinstance(exception, Refusal | KeysUnavailable | NoTrustAnchors):
        return problem_details.exception_handler(exception, context)
    answer: HttpResponse | None = views.exception_handler(exception, dict(context))
    return answer
