"""The clients of the demo, as the metadata that an operator would register for them."""

from collections.abc import Sequence
from typing import Any

BEARER_CLIENT = "partner-bearer"


def seed_clients(resources: Sequence[str], *, unbound: bool = True) -> list[dict[str, Any]]:
    """The metadata of the clients. resources: all that they may call; the first is their default.

    unbound: whether there may be one whose tokens are bound to nothing.

    Three of them are the partner: as it is, as it was before its tokens were bound, and with tokens that
    live for two seconds, so that one can be seen to expire. One is the API that the tokens are for, which
    asks about opaque ones.
    """
    common = {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_certificate_bound_access_tokens": True,
        "grant_types": ["client_credentials"],
        "resources": list(resources),
        "default_resource": resources[0],
    }
    clients = [
        common
        | {
            "client_id": "partner",
            "client_name": "Partner Ltd",
            "tls_client_auth_subject_dn": "CN=partner,O=Partner Ltd,C=GB",
        },
        common
        | {
            "client_id": BEARER_CLIENT,
            "client_name": "Partner Ltd, tokens to be stolen",
            "tls_client_auth_san_dns": "partner.example",
            "tls_client_certificate_bound_access_tokens": False,
        },
        common
        | {
            "client_id": "short-lived",
            "client_name": "Partner Ltd, tokens of two seconds",
            "tls_client_auth_san_uri": "urn:example:partner",
            "access_token_lifetime_seconds": 2,
        },
        common
        | {
            "client_id": "bank-api",
            "client_name": "Bank plc, its API",
            "tls_client_auth_subject_dn": "CN=bank-api-client,O=Bank plc,C=GB",
            "grant_types": [],
            "introspects": [resources[0]],
        },
        common
        | {
            "client_id": "other-partner",
            "client_name": "Other Partner Ltd",
            "tls_client_auth_san_dns": "other-partner.example",
        },
    ]
    return [each for each in clients if unbound or each["tls_client_certificate_bound_access_tokens"]]
