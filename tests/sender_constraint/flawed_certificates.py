"""Certificates with one thing wrong, each beside the valid one, and the rule that refuses it."""

from collections.abc import Callable
from datetime import timedelta

from cryptography.x509.oid import ExtendedKeyUsageOID

from sender_constraint import certificate_checks as checks
from sender_constraint.rules import Rule
from tests.sender_constraint.pki import NOW, SERVER, Issued, issue, make_scheme

SCHEME = make_scheme()
PARTNER = issue(SCHEME.issuing)
SELF_SIGNED = issue(None, subject="public client")
SECOND = timedelta(seconds=1)


def foreign_leaf() -> Issued:
    return issue(make_scheme("Foreign").issuing)


def same_names_other_keys() -> Issued:
    return issue(make_scheme("Scheme").issuing)


def forged_in_the_issuers_name() -> Issued:
    return issue(None, claimed_issuer=SCHEME.issuing)


REFUSED: dict[str, tuple[Callable[[], Issued], Rule]] = {
    "not yet valid": (lambda: issue(SCHEME.issuing, not_before=NOW + SECOND), checks.NOT_YET_VALID),
    "expired": (lambda: issue(SCHEME.issuing, not_after=NOW - SECOND), checks.EXPIRED),
    "no purpose": (lambda: issue(SCHEME.issuing, usages=None), checks.PURPOSE_MISSING),
    "a server's purpose": (lambda: issue(SCHEME.issuing, usages=SERVER), checks.PURPOSE_WRONG),
    "any purpose": (
        lambda: issue(SCHEME.issuing, usages=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
        checks.PURPOSE_WRONG,
    ),
    "an authority": (
        lambda: issue(SCHEME.root, authority=True, usages=[ExtendedKeyUsageOID.CLIENT_AUTH]),
        checks.IS_AUTHORITY,
    ),
    "below a path length of 0": (
        lambda: issue(issue(SCHEME.issuing, subject="Sub", authority=True)),
        checks.CHAIN,
    ),
    "issued by a client": (lambda: issue(PARTNER), checks.CHAIN),
    "forged in the issuer's name": (forged_in_the_issuers_name, checks.CHAIN),
    "of an authority with the same names": (same_names_other_keys, checks.CHAIN),
}
