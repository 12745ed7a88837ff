"""Somebody between the partner and the bank, and an API that uses elsewhere what it was given.

RFC 9700 §4.9 and §4.10 (https://www.rfc-editor.org/rfc/rfc9700), RFC 8705 §7.
"""

from dataclasses import replace
from secrets import token_hex
from typing import Any

from cryptography import x509

from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.issuing import HOUR, SERVER, Content, Issued, issue
from workshop.loot import Cast, Loot
from workshop.middleman import Onward
from workshop.partner_call import NOT_SENT, Ambush, PartnerCall
from workshop.private_files import write_private
from workshop.wire import NO_CREDENTIALS, Credentials

LOCALHOST = (x509.DNSName("localhost"),)
OTHER_RESOURCE = "https://other-api.example"


def partner_call(cast: Cast) -> PartnerCall:
    """The partner's own code, on the way as it should be."""
    return PartnerCall(
        cast.certificates, cast.issuer, cast.targets.api, cast.loot.resource, cast.trust_bundle
    )


MIDDLE = Family("man-in-the-middle", "Somebody between the partner and the bank", partner_call)
ROGUE = Family("rogue-api", "An API uses elsewhere the token that it was given", partner_call)


def foreign_authority() -> Issued:
    """A CA outside the scheme."""
    name = x509.Name.from_rfc4514_string("CN=Inspection")
    return issue(Content(name, authority=True, purposes=None))


def for_localhost(authority: Issued | None, **changes: Any) -> Issued:
    """A server's certificate for the host that the partner calls, but for these changes."""
    name = x509.Name.from_rfc4514_string("CN=bank-api,O=Bank plc,C=GB")
    return issue(replace(Content(name, LOCALHOST, purposes=SERVER), **changes), authority)


def with_foreign_certificate(call: PartnerCall, loot: Loot) -> PartnerCall:
    """Pose as the API with the certificate of a CA outside the scheme."""
    authority = foreign_authority()
    return _ambushed(call, loot.credentials(for_localhost(authority), authority))


def at_the_token_endpoint(call: PartnerCall, loot: Loot) -> PartnerCall:
    """The same before the authorization server."""
    authority = foreign_authority()
    shown = loot.credentials(for_localhost(authority), authority)
    return call.but(ambush=Ambush(shown, at_issuer=True))


def with_self_signed_certificate(call: PartnerCall, loot: Loot) -> PartnerCall:
    """Pose as the API with a certificate that is its own issuer."""
    return _ambushed(call, loot.credentials(for_localhost(None)))


def with_participants_certificate(call: PartnerCall, loot: Loot) -> PartnerCall:
    """Pose as the API with the thief's own certificate, from the same CA as the API's."""
    return _ambushed(call, loot.own)


def with_participants_server_certificate(call: PartnerCall, loot: Loot) -> PartnerCall:
    """Pose as the API with a certificate that the same CA issued to the server of another participant."""
    names = (x509.DNSName("server.thief.example"),)
    return _ambushed(
        call, loot.credentials(for_localhost(loot.authorities.authority, alternative_names=names))
    )


def with_expired_certificate(call: PartnerCall, loot: Loot) -> PartnerCall:
    """Pose as the API with its certificate of last week, whose key has leaked."""
    expired = for_localhost(loot.authorities.authority, begins=-HOUR, ends=-HOUR / 60)
    return _ambushed(call, loot.credentials(expired))


def inspecting(call: PartnerCall, loot: Loot) -> PartnerCall:
    """Stand in the middle under a CA that the partner was made to trust; pass on with an own certificate."""
    return _inspecting(call, loot, loot.own)


def inspecting_without_certificate(call: PartnerCall, loot: Loot) -> PartnerCall:
    """The same, and pass on without one."""
    return _inspecting(call, loot, NO_CREDENTIALS)


def replaying(call: PartnerCall, loot: Loot) -> PartnerCall:
    """Another API shows the token that the partner gave to it at the bank, with its own certificate."""
    return given_the_banks_token(call.but(resource=OTHER_RESOURCE), loot)


def given_the_banks_token(call: PartnerCall, loot: Loot) -> PartnerCall:
    """The same with a token for the bank, which the partner gave to the wrong API."""
    return call.but(ambush=Ambush(_rogue(loot), Onward(call.api, loot.own)))


def showing_its_servers_certificate(call: PartnerCall, loot: Loot) -> PartnerCall:
    """The same with the certificate with which that API serves."""
    rogue = _rogue(loot)
    return call.but(ambush=Ambush(rogue, Onward(call.api, rogue)))


def _ambushed(call: PartnerCall, shown: Credentials) -> PartnerCall:
    return call.but(ambush=Ambush(shown))


def _inspecting(call: PartnerCall, loot: Loot, onward: Credentials) -> PartnerCall:
    authority = foreign_authority()
    bundle = call.trust_bundle.read_text() + authority.pem.decode()
    trusted = write_private(loot.workspace / f"{token_hex(8)}-bundle.pem", bundle)
    shown = loot.credentials(for_localhost(authority), authority)
    return call.but(trust_bundle=trusted, ambush=Ambush(shown, Onward(call.api, onward)))


def _rogue(loot: Loot) -> Credentials:
    """The certificate of another API, whose host on this machine has the same name."""
    return loot.credentials(for_localhost(loot.authorities.authority))


def _refused_by_partner(
    identifier: str, title: str, change: Change, rule: str, *, insider: bool = False
) -> Attack:
    return Attack(MIDDLE, identifier, title, change, Expected(None, NOT_SENT, rule), insider=insider)


def _refused_by_bank(family: Family, identifier: str, title: str, change: Change, rule: str) -> Attack:
    expected = Expected(401, "invalid_token", rule)
    return Attack(family, identifier, title, change, expected, insider=family is ROGUE)


ATTACKS: tuple[Attack, ...] = (
    _refused_by_partner(
        "middle-foreign-certificate",
        "a server with a certificate by a CA outside the scheme",
        with_foreign_certificate,
        "server.chain",
    ),
    _refused_by_partner(
        "middle-at-token-endpoint",
        "the same in place of the authorization server",
        at_the_token_endpoint,
        "server.chain",
    ),
    _refused_by_partner(
        "middle-self-signed",
        "a server with a self-signed certificate in the API's name",
        with_self_signed_certificate,
        "server.chain",
    ),
    _refused_by_partner(
        "middle-participants-certificate",
        "a server with another participant's certificate from the same CA",
        with_participants_certificate,
        "server.purpose",
    ),
    _refused_by_partner(
        "middle-participants-server",
        "a server with the certificate of another participant's server",
        with_participants_server_certificate,
        "server.name",
        insider=True,
    ),
    _refused_by_partner(
        "middle-expired-certificate",
        "a server with an expired certificate of the API's",
        with_expired_certificate,
        "server.validity",
        insider=True,
    ),
    _refused_by_bank(
        MIDDLE,
        "middle-inspecting",
        "a proxy whose CA the partner trusts passes the call on with a certificate of its own",
        inspecting,
        "binding.certificate",
    ),
    _refused_by_bank(
        MIDDLE,
        "middle-inspecting-without-certificate",
        "the same proxy passes the call on without one",
        inspecting_without_certificate,
        "binding.certificate-missing",
    ),
    _refused_by_bank(
        ROGUE,
        "rogue-api-replays",
        "another API shows the token that it was given, with its own certificate",
        replaying,
        "token.audience",
    ),
    _refused_by_bank(
        ROGUE,
        "rogue-api-given-the-banks-token",
        "another API was given a token for the bank by mistake",
        given_the_banks_token,
        "binding.certificate",
    ),
    _refused_by_bank(
        ROGUE,
        "rogue-api-shows-its-server-certificate",
        "another API shows the certificate with which it serves",
        showing_its_servers_certificate,
        "certificate.purpose-wrong",
    ),
)
