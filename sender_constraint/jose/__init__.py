"""JWS, JWK, token status lists and strict JSON."""

from sender_constraint.jose import jws
from sender_constraint.jose.jwk import PublicJwk, jwk_of, public_jwk
from sender_constraint.jose.status_lists import StatusList, StatusReference, reference_of, status_list_of
from sender_constraint.jose.strict_json import parse_object

__all__ = [
    "PublicJwk",
    "StatusList",
    "StatusReference",
    "jwk_of",
    "jws",
    "parse_object",
    "public_jwk",
    "reference_of",
    "status_list_of",
]
