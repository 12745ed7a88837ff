"""Problems: refusals outside OAuth, which the wire shows as RFC 9457 says.

    Problem
    ├── BadRequest              400
    ├── NotFound                404
    ├── MethodNotAllowed        405
    ├── NotAcceptable           406
    ├── LengthRequired          411
    ├── ContentTooLarge         413
    ├── UnsupportedMediaType    415
    ├── UnprocessableContent    422
    └── ServiceUnavailable      503

https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from sender_constraint.core.errors import Refusal


class Problem(Refusal):
    """A request that was refused for a reason outside OAuth.

    type_uri: what kind of problem (RFC 9457 §3.1.1); ``about:blank`` says no more than the status does.
    title: for people, the same for every problem of the type (§3.1.3).
    members: extension members of this occurrence (§3.2). headers: of the response.
    """

    code = "problem"
    type_uri: ClassVar[str] = "about:blank"
    title: ClassVar[str] = ""
    members: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class BadRequest(Problem):
    """The request is not one that this resource understands."""

    code = "bad_request"


class NotFound(Problem):
    """There is no such thing, or none that the caller may know of."""

    code = "not_found"
    default_status = 404


class MethodNotAllowed(Problem):
    """The resource exists and does not do this."""

    code = "method_not_allowed"
    default_status = 405


class NotAcceptable(Problem):
    """The caller accepts no representation that the resource has."""

    code = "not_acceptable"
    default_status = 406


class LengthRequired(Problem):
    """The body has to announce its length."""

    code = "length_required"
    default_status = 411


class ContentTooLarge(Problem):
    """The body is longer than this resource reads."""

    code = "content_too_large"
    default_status = 413


class UnsupportedMediaType(Problem):
    """The body is of a type that this resource does not read."""

    code = "unsupported_media_type"
    default_status = 415


class UnprocessableContent(Problem):
    """The body is well formed, and cannot be done."""

    code = "unprocessable_content"
    default_status = 422


class ServiceUnavailable(Problem):
    """Something that the service needs is away. The caller may try again after ``Retry-After`` seconds."""

    code = "service_unavailable"
    default_status = 503
