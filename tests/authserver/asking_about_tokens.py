"""Callers of the endpoints that are about a token: they authenticate, and name one."""

from tests.authserver.caller import RESOURCE, Caller

API = "bank-api"
API_METADATA = {
    "client_id": API,
    "client_name": "The API",
    "tls_client_auth_subject_dn": None,
    "tls_client_auth_san_dns": "bank-api.example",
    "introspects": [RESOURCE],
}


def about(caller: Caller, address: str, token: str | None, **headers: str) -> Caller:
    """The same caller at another endpoint, with a token to speak about."""
    return caller.but(address=address, form={"grant_type": None, "token": token}, headers=headers)
