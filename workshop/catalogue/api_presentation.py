"""How a stolen token is handed to the API: RFC 6750 §2 (https://www.rfc-editor.org/rfc/rfc6750)."""

import base64
import json
from urllib.parse import quote, urlencode

from sender_constraint.core.thumbprints import certificate_thumbprint
from workshop.calls import Call
from workshop.catalogue.attack import Attack, Expected, Family
from workshop.loot import Cast, Loot
from workshop.wire import NO_CREDENTIALS


def accounts_call(cast: Cast) -> Call:
    """The partner's own call of its accounts."""
    return Call("GET", f"{cast.targets.api}/accounts", cast.partner.token, cast.partner.credentials)


PRESENTATION = Family("api-presentation", "The stolen token, handed over in some other way", accounts_call)

HEADER_IGNORED = Expected(
    401,
    "invalid_token",
    "binding.certificate-missing",
    also=frozenset({"peer.certificate_header_ignored"}),
)
NOTHING_PRESENTED = Expected(401, None, "presentation.missing")
OTHER_SCHEME = Expected(401, "invalid_token", "binding.other-token-as-dpop")
MALFORMED = Expected(400, "invalid_request", "presentation.malformed")


def certificate_in_client_cert(call: Call, loot: Loot) -> Call:
    """RFC 9440 §2.2: a structured field, the DER as a byte sequence."""
    encoded = base64.b64encode(loot.partner_der).decode()
    return _with_certificate_in(call, "Client-Cert", f":{encoded}:")


def certificate_in_x_ssl_client_cert(call: Call, loot: Loot) -> Call:
    """As nginx and others send it: PEM, percent-encoded."""
    return _with_certificate_in(call, "X-SSL-Client-Cert", quote(loot.partner_pem))


def certificate_in_x_client_cert(call: Call, loot: Loot) -> Call:
    """As several gateways send it: the DER in base64."""
    return _with_certificate_in(call, "X-Client-Cert", base64.b64encode(loot.partner_der).decode())


def certificate_in_x_forwarded_client_cert(call: Call, loot: Loot) -> Call:
    """As Envoy sends it: the hash of the DER, and the PEM percent-encoded."""
    thumbprint = base64.urlsafe_b64decode(certificate_thumbprint(loot.partner_der) + "=").hex()
    return _with_certificate_in(
        call, "X-Forwarded-Client-Cert", f'Hash={thumbprint};Cert="{quote(loot.partner_pem)}"'
    )


def token_in_query(call: Call, loot: Loot) -> Call:
    """RFC 6750 §2.3: the token as a query parameter."""
    query = urlencode({"access_token": loot.token})
    return call.but(url=f"{call.url}?{query}", token=None, credentials=loot.own)


def token_in_form(call: Call, loot: Loot) -> Call:
    """RFC 6750 §2.2: the token in a form."""
    posted = call.but(method="POST", token=None, credentials=loot.own).at("/payments")
    form = posted.with_header("Content-Type", "application/x-www-form-urlencoded")
    return form.with_form(access_token=loot.token)


def token_in_json(call: Call, loot: Loot) -> Call:
    """The same in a JSON document."""
    body = json.dumps({"access_token": loot.token}).encode()
    posted = call.but(method="POST", token=None, credentials=loot.own, body=body).at("/payments")
    return posted.with_header("Content-Type", "application/json")


def token_in_cookie(call: Call, loot: Loot) -> Call:
    """As a browser would carry it along."""
    return call.but(token=None, credentials=loot.own).with_header("Cookie", f"access_token={loot.token}")


def other_scheme(call: Call, loot: Loot) -> Call:
    """RFC 9449 §7.1: as if it were bound by DPoP."""
    return call.but(token=None, credentials=loot.own).with_header("Authorization", f"DPoP {loot.token}")


def two_headers(call: Call, loot: Loot) -> Call:
    """RFC 6750 §2: one token in each of two Authorization headers."""
    twice = tuple(("Authorization", f"Bearer {token}") for token in (loot.expired_token(), loot.token))
    return call.but(token=None, credentials=loot.own, headers=twice)


def two_tokens(call: Call, loot: Loot) -> Call:
    """Two tokens in one header."""
    return call.but(token=f"{loot.token} {loot.token}", credentials=loot.own)


def longer_than_any_header(call: Call, loot: Loot) -> Call:
    """RFC 9110 §5.4: a header of 16 KiB."""
    return call.but(token=loot.token + "a" * 16384, credentials=loot.own)


def _with_certificate_in(call: Call, name: str, value: str) -> Call:
    return call.but(credentials=NO_CREDENTIALS).with_header(name, value)


ATTACKS: tuple[Attack, ...] = (
    Attack(
        PRESENTATION,
        "header-client-cert",
        "the partner's certificate in a Client-Cert header",
        certificate_in_client_cert,
        HEADER_IGNORED,
        label="4d1",
    ),
    Attack(
        PRESENTATION,
        "header-x-ssl-client-cert",
        "the partner's certificate in an X-SSL-Client-Cert header",
        certificate_in_x_ssl_client_cert,
        HEADER_IGNORED,
        label="4d2",
    ),
    Attack(
        PRESENTATION,
        "header-x-client-cert",
        "the partner's certificate in an X-Client-Cert header",
        certificate_in_x_client_cert,
        HEADER_IGNORED,
        label="4d3",
    ),
    Attack(
        PRESENTATION,
        "header-x-forwarded-client-cert",
        "the partner's certificate in an X-Forwarded-Client-Cert header",
        certificate_in_x_forwarded_client_cert,
        HEADER_IGNORED,
        label="4d4",
    ),
    Attack(
        PRESENTATION,
        "query-string",
        "the token in the query string",
        token_in_query,
        Expected(400, "invalid_request", "presentation.query"),
        label="4e",
    ),
    Attack(PRESENTATION, "token-in-form", "the token in a form", token_in_form, NOTHING_PRESENTED),
    Attack(PRESENTATION, "token-in-json", "the token in a JSON document", token_in_json, NOTHING_PRESENTED),
    Attack(PRESENTATION, "token-in-cookie", "the token in a cookie", token_in_cookie, NOTHING_PRESENTED),
    Attack(PRESENTATION, "other-scheme", "the token as if it were bound by DPoP", other_scheme, OTHER_SCHEME),
    Attack(
        PRESENTATION,
        "two-authorization-headers",
        "two Authorization headers, the good token in the second",
        two_headers,
        MALFORMED,
    ),
    Attack(PRESENTATION, "two-tokens", "two tokens in one header", two_tokens, MALFORMED),
    Attack(
        PRESENTATION,
        "oversize-header",
        "a token that no header has room for",
        longer_than_any_header,
        Expected(431, None, "http.syntax"),
    ),
)
