"""Requests to the token endpoint in the partner's name, by a thief without the partner's key.

RFC 6749 §2.3 and §3.2 (https://www.rfc-editor.org/rfc/rfc6749), RFC 8705 §2
(https://www.rfc-editor.org/rfc/rfc8705).
"""

from urllib.parse import urlencode

from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.loot import Cast, Loot, Member
from workshop.wire import NO_CREDENTIALS

FORM = "application/x-www-form-urlencoded"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GUESS = "tr0ub4dor"


def token_request(cast: Cast, member: Member) -> Call:
    """A client's own request for a token."""
    form = {"grant_type": "client_credentials", "client_id": member.client_id}
    url = f"{cast.targets.issuer}/token"
    return Call("POST", url, None, member.credentials, (("Content-Type", FORM),), urlencode(form).encode())


IN_THE_PARTNERS_NAME = Family(
    "token-endpoint",
    "A token in the partner's name",
    lambda cast: token_request(cast, cast.partner),
)


def as_thief(make: Change) -> Change:
    """Beside the change, show the thief's own certificate."""
    return lambda call, loot: make(call.but(credentials=loot.own), loot)


def without_certificate(make: Change) -> Change:
    """Beside the change, show none."""
    return lambda call, loot: make(call.but(credentials=NO_CREDENTIALS), loot)


def form(**parameters: str | list[str] | None) -> Change:
    """Change parameters of the form."""
    return lambda call, _loot: call.with_form(**parameters)


def client(client_id: str) -> Change:
    """Ask as this client, with the thief's certificate."""
    return as_thief(form(client_id=client_id))


def basic(call: Call, _loot: Loot) -> Call:
    """RFC 6749 §2.3.1: a secret in an Authorization header."""
    return call.with_basic("partner", GUESS)


def asserted(call: Call, _loot: Loot) -> Call:
    """RFC 7523 §2.2: an assertion, which nobody signed."""
    return call.with_form(client_assertion="e30.e30.e30", client_assertion_type=ASSERTION_TYPE)


def asserted_by_a_signer(call: Call, loot: Loot) -> Call:
    """The same in the name of a client that authenticates by assertions."""
    return asserted(call, loot).with_form(client_id=loot.signing.forger(None).client_id)


def _refused(
    identifier: str, title: str, change: Change, rule: str, *, error: str = "invalid_client"
) -> Attack:
    status = 401 if error == "invalid_client" else 400
    return Attack(IN_THE_PARTNERS_NAME, identifier, title, change, Expected(status, error, rule))


_IDENTITIES = (
    (
        "token-no-certificate",
        "client_id alone, and no certificate",
        without_certificate(form()),
        "certificate.missing",
    ),
    ("token-client-id-of-another", "another's client_id, by subject", client("partner"), "client.subject-dn"),
    (
        "token-client-id-by-dns",
        "another's client_id, by DNS name",
        client("partner-bearer"),
        "client.san-dns",
    ),
    ("token-client-id-by-uri", "another's client_id, by URI", client("short-lived"), "client.san-uri"),
    ("token-unknown-client", "a client_id that nobody has", client("nobody"), "client.known"),
    (
        "token-secret",
        "a guessed secret in place of a certificate",
        without_certificate(form(client_secret=GUESS)),
        "client.method-supported",
    ),
    (
        "token-basic",
        "a guessed secret by Basic in place of a certificate",
        without_certificate(basic),
        "client.method-supported",
    ),
    (
        "token-assertion",
        "an assertion without algorithm in place of a certificate",
        without_certificate(asserted),
        "assertion.algorithm",
    ),
    (
        "token-assertion-beside",
        "the same in the name of a client with a key, beside the thief's certificate",
        as_thief(asserted_by_a_signer),
        "assertion.algorithm",
    ),
)

_SECOND_IDENTITIES = (
    ("token-second-identity", "a secret beside a certificate", as_thief(form(client_secret=GUESS))),
    ("token-second-identity-basic", "Basic beside a certificate", as_thief(basic)),
)

_MALFORMED = (
    (
        "token-parameter-twice",
        "two client_id, of which each proxy takes another",
        form(client_id=["other-partner", "partner"]),
        "token-request.repeated",
    ),
    (
        "token-parameters-in-query",
        "parameters in the address",
        lambda call, _loot: call.but(url=f"{call.url}?client_id=partner"),
        "token-request.query",
    ),
    (
        "token-as-json",
        "the request as JSON",
        lambda call, _loot: call.with_header("Content-Type", "application/json"),
        "token-request.content-type",
    ),
    (
        "token-control-character",
        "a control character in the form",
        lambda call, _loot: call.but(body=call.body + b"%00"),
        "token-request.encoding",
    ),
    (
        "token-without-client-id",
        "no client_id: whose certificate is it?",
        form(client_id=None),
        "token-request.client-id",
    ),
    ("token-without-grant", "no grant_type", form(grant_type=None), "token-request.grant-type"),
)

ATTACKS: tuple[Attack, ...] = (
    *(_refused(*each) for each in _IDENTITIES),
    *(_refused(*each, "client.one-method", error="invalid_request") for each in _SECOND_IDENTITIES),
    *(
        _refused(identifier, title, as_thief(change), rule, error="invalid_request")
        for identifier, title, change, rule in _MALFORMED
    ),
    Attack(
        IN_THE_PARTNERS_NAME,
        "token-by-get",
        "asked by GET",
        as_thief(lambda call, _loot: call.but(method="GET", body=None)),
        Expected(405, "invalid_request", "token-request.method"),
    ),
    Attack(
        IN_THE_PARTNERS_NAME,
        "token-oversize",
        "a form of 20 KB",
        as_thief(form(padding="x" * 20_000)),
        Expected(413, "invalid_request", "token-request.body-size"),
    ),
)
