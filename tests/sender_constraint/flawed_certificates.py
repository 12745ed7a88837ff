"""Certificates with one thing wrong, each beside the valid one, and the rule that refuses it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from sender_constraint.core import certificate_checks as checks
from sender_constraint.core.rules import Rule
from tests.sender_constraint.pki import NOW, SERVER, Issued, Scheme, issue, make_scheme

SCHEME = make_scheme()
PARTNER = issue(SCHEME.issuing)
SELF_SIGNED = issue(None, subject="public client")
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

Flaws = dict[str, tuple[Callable[[], Issued], Rule]]


def foreign_leaf() -> Issued:
    return issue(make_scheme("Foreign").issuing)


def flawed(scheme: Scheme, now: datetime, *, outside: timedelta = SECOND, **names: Any) -> Flaws:
    """What makes each of them, for an authority and a time.

    outside: how far from its validity a certificate is then. names: of the valid one, for ``issue``.
    """

    def leaf(issuer: Issued | None, **changes: Any) -> Issued:
        return issue(issuer, **{"not_before": now - HOUR, "not_after": now + HOUR, **names, **changes})

    def authority(issuer: Issued | None, subject: x509.Name | str) -> Issued:
        return leaf(issuer, subject=subject, authority=True, usages=None)

    def of_an_authority_with_the_same_name() -> Issued:
        return leaf(authority(None, scheme.issuing.certificate.subject))

    return {
        "not yet valid": (lambda: leaf(scheme.issuing, not_before=now + outside), checks.NOT_YET_VALID),
        "expired": (lambda: leaf(scheme.issuing, not_after=now - outside), checks.EXPIRED),
        "no purpose": (lambda: leaf(scheme.issuing, usages=None), checks.PURPOSE_MISSING),
        "a server's purpose": (lambda: leaf(scheme.issuing, usages=SERVER), checks.PURPOSE_WRONG),
        "any purpose": (
            lambda: leaf(scheme.issuing, usages=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
            checks.PURPOSE_WRONG,
        ),
        "a key for other uses": (lambda: leaf(scheme.issuing, signs=False), checks.KEY_USAGE),
        "an authority": (
            lambda: leaf(scheme.root, authority=True, usages=[ExtendedKeyUsageOID.CLIENT_AUTH]),
            checks.IS_AUTHORITY,
        ),
        "below a path length of 0": (
            lambda: leaf(authority(scheme.issuing, "Sub")),
            checks.CHAIN,
        ),
        "issued by a client": (lambda: leaf(leaf(scheme.issuing)), checks.CHAIN),
        "forged in the issuer's name": (lambda: leaf(None, claimed_issuer=scheme.issuing), checks.CHAIN),
        "of an authority with the same name": (of_an_authority_with_the_same_name, checks.CHAIN),
    }


REFUSED = flawed(SCHEME, NOW)
