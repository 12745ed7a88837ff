"""Requests to the token endpoint of clients whose certificates nobody issued, or only bind the token.

RFC 8705 §2.2 and §3 (https://www.rfc-editor.org/rfc/rfc8705).
"""

from urllib.parse import urlencode

from workshop import forgery
from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.catalogue.token_requests import FORM, form
from workshop.issuing import issue
from workshop.loot import Cast, Loot
from workshop.wire import NO_CREDENTIALS


def _self_signed(cast: Cast) -> Call:
    parameters = {"grant_type": "client_credentials", "client_id": cast.signing.self_signed_client_id}
    url = f"{cast.targets.issuer}/token"
    headers = (("Content-Type", FORM),)
    return Call("POST", url, None, cast.signing.self_signed, headers, urlencode(parameters).encode())


def _binding(cast: Cast) -> Call:
    return cast.signing.by_key_bound_to_certificate.token_call(
        cast.targets.issuer, cast.partner.credentials, with_proof=False
    )


IN_ITS_NAME = Family(
    "token-self-signed", "A token in the name of a client whose certificate nobody issued", _self_signed
)
BOUND_ONLY = Family(
    "token-binding",
    "A signer's token, to be bound to a certificate",
    _binding,
)


def same_names(call: Call, loot: Loot) -> Call:
    """RFC 8705 §7.4: a certificate with the same names, by the thief's own key."""
    made = issue(forgery.content_with(loot.signing.certificate))
    return call.but(credentials=loot.credentials(made))


def of_the_scheme(call: Call, loot: Loot) -> Call:
    """A valid certificate of the scheme: the thief's own."""
    return call.but(credentials=loot.own)


def foreign(call: Call, loot: Loot) -> Call:
    """A certificate that nobody issued, so that the token be bound to what nobody revokes."""
    made = issue(forgery.content_with(loot.partner_certificate, subject=loot.partner_certificate.subject))
    return call.but(credentials=loot.credentials(made))


def without_certificate(call: Call, _loot: Loot) -> Call:
    """None at all."""
    return call.but(credentials=NO_CREDENTIALS)


def _refused(identifier: str, title: str, change: Change, rule: str) -> Attack:
    return Attack(IN_ITS_NAME, identifier, title, change, Expected(401, "invalid_client", rule))


def _unbound(identifier: str, title: str, change: Change, rule: str) -> Attack:
    return Attack(BOUND_ONLY, identifier, title, change, Expected(400, "invalid_request", rule))


ATTACKS: tuple[Attack, ...] = (
    _refused(
        "self-signed-same-names",
        "a self-made certificate with the same names",
        same_names,
        "client.self-signed-certificate",
    ),
    Attack(
        IN_ITS_NAME,
        "self-signed-by-the-scheme",
        "a valid certificate of the scheme",
        of_the_scheme,
        Expected(401, "invalid_client", "client.self-signed-certificate"),
        twin=lambda call, loot: form(client_id="nobody")(call.but(credentials=loot.own), loot),
    ),
    _refused("self-signed-none", "no certificate", without_certificate, "certificate.missing"),
    _unbound("binding-none", "no certificate, so that the token be bound to nothing", without_certificate,
             "certificate.missing"),
    _unbound("binding-foreign", "a certificate that nobody issued", foreign, "certificate.foreign"),
)  # fmt: skip
