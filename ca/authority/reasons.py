"""Why a certificate is revoked: the reasons of RFC 5280 §5.3.1, by their names.

https://www.rfc-editor.org/rfc/rfc5280
"""

from cryptography import x509

SUPERSEDED = x509.ReasonFlags.superseded
KEY_COMPROMISE = x509.ReasonFlags.key_compromise

# The holder of a certificate speaks for its own key and its own business, not for an authority.
HOLDERS = (
    x509.ReasonFlags.unspecified,
    KEY_COMPROMISE,
    x509.ReasonFlags.affiliation_changed,
    SUPERSEDED,
    x509.ReasonFlags.cessation_of_operation,
)
OPERATORS = (
    *HOLDERS,
    x509.ReasonFlags.ca_compromise,
    x509.ReasonFlags.privilege_withdrawn,
    x509.ReasonFlags.aa_compromise,
)
# Revocation is for good here: what can be taken back would have to be asked for again and again.
_NOT_SUPPORTED = {
    x509.ReasonFlags.certificate_hold: "a certificate is revoked for good here, never only held",
    x509.ReasonFlags.remove_from_crl: "a revoked certificate stays revoked",
}


class UnknownReason(Exception):
    """Not a reason that may be given here. The message says which may."""


def reason_named(name: str, allowed: tuple[x509.ReasonFlags, ...] = OPERATORS) -> x509.ReasonFlags:
    """The reason with this name, in any case. Raises UnknownReason."""
    given = {reason.value.lower(): reason for reason in x509.ReasonFlags}.get(name.lower())
    if given in allowed:
        return given
    why = "" if given is None else _NOT_SUPPORTED.get(given, "it is not for you to say")
    known = ", ".join(reason.value for reason in allowed)
    raise UnknownReason(
        f"the reason {name!r} is not supported{f' ({why})' if why else ''}: use one of {known}"
    )
