"""Successors of certificates, asked for with the certificate itself: RFC 7030 §4.2.2.

https://www.rfc-editor.org/rfc/rfc7030
"""

import base64
from dataclasses import replace

from sender_constraint.certificates.csr import RequestedNames, first_request, new_private_key
from workshop import forgery
from workshop.calls import Call
from workshop.catalogue.api_certificates import mismatched
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.catalogue.enrolment import est_call
from workshop.loot import Cast, Loot
from workshop.wire import NO_CREDENTIALS


def renewal_call(cast: Cast) -> Call:
    """The thief renews its own certificate."""
    own = cast.loot.enrolment
    return est_call(cast, "simplereenroll", first_request(own.key, own.names))


RENEWAL = Family("renewal", "The successor of a certificate", renewal_call)


def for_names(call: Call, loot: Loot, names: RequestedNames) -> Call:
    """Ask for these names."""
    return call.but(body=base64.encodebytes(first_request(loot.enrolment.key, names)))


def partners_subject(call: Call, loot: Loot) -> Call:
    """Ask for the partner's names with the thief's certificate."""
    return for_names(call, loot, loot.names)


def partners_dns_name(call: Call, loot: Loot) -> Call:
    """Ask for the partner's DNS name under the thief's subject."""
    return for_names(call, loot, replace(loot.enrolment.names, dns=loot.names.dns))


def fewer_names(call: Call, loot: Loot) -> Call:
    """Ask for a successor without alternative names."""
    return for_names(call, loot, replace(loot.enrolment.names, dns=(), uris=loot.enrolment.names.uris))


def no_certificate(call: Call, _loot: Loot) -> Call:
    """Show none."""
    return call.but(credentials=NO_CREDENTIALS)


def self_made(call: Call, loot: Loot) -> Call:
    """Show a self-made certificate with the partner's names, and ask for those."""
    credentials = loot.written(*forgery.self_made_certificate(loot.partner_certificate))
    return partners_subject(call.but(credentials=credentials), loot)


def partners_certificate(call: Call, loot: Loot) -> Call:
    """Show the partner's certificate with another key, and ask for its successor."""
    return partners_subject(call.but(credentials=mismatched(loot)), loot)


def never_recorded(call: Call, loot: Loot) -> Call:
    """Show a certificate that the authority's key signed and that stands in no register."""
    return partners_subject(call.but(credentials=loot.credentials(loot.authorities.certificate())), loot)


def replaced_key(call: Call, loot: Loot) -> Call:
    """Renew a certificate that was replaced, with a key of the thief's own."""
    lineage = loot.lineage()
    request = first_request(new_private_key(), lineage.names)
    return call.but(credentials=lineage.replaced, body=base64.encodebytes(request))


def suspended(call: Call, loot: Loot) -> Call:
    """Renew the latest certificate of a lineage in which a replaced key was used again."""
    lineage = loot.suspended()
    request = first_request(new_private_key(), lineage.names)
    return call.but(credentials=lineage.latest, body=base64.encodebytes(request))


def _refused(identifier: str, title: str, change: Change, rule: str, *, insider: bool = False) -> Attack:
    return Attack(RENEWAL, identifier, title, change, Expected(403, None, rule), insider=insider)


ATTACKS: tuple[Attack, ...] = (
    _refused(
        "renew-partners-subject",
        "the partner's names for the thief's certificate",
        partners_subject,
        "renewal.subject",
    ),
    _refused(
        "renew-partners-dns-name",
        "the partner's DNS name under the thief's subject",
        partners_dns_name,
        "renewal.alternative-names",
    ),
    _refused("renew-fewer-names", "a name less than before", fewer_names, "renewal.alternative-names"),
    _refused("renew-no-certificate", "no certificate", no_certificate, "renewal.certificate"),
    _refused(
        "renew-self-made",
        "a self-made certificate with the partner's names",
        self_made,
        "renewal.issued-here",
    ),
    _refused(
        "renew-never-recorded",
        "a certificate that the authority's key signed and nobody recorded",
        never_recorded,
        "renewal.issued-here",
        insider=True,
    ),
    _refused(
        "renew-replaced-key",
        "a certificate that was replaced already, with a key of the thief's",
        replaced_key,
        "renewal.forked",
    ),
    _refused(
        "renew-suspended-lineage",
        "the latest certificate of a lineage that a replaced key has forked",
        suspended,
        "renewal.suspended",
    ),
    Attack(
        RENEWAL,
        "renew-mismatched-key",
        "the partner's certificate in the handshake, with a key of the thief's",
        partners_certificate,
        Expected(None, "decrypt_error", "tls.possession"),
    ),
)
