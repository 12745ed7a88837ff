"""Why a server was not spoken to, where TLS itself ended the handshake.

RFC 5280 §6.1 (https://www.rfc-editor.org/rfc/rfc5280), RFC 9525 §6 (https://www.rfc-editor.org/rfc/rfc9525).
OpenSSL verifies the server's certificate before anything of the request is sent; this module names the rule,
so that somebody in the middle is told from a server that is away. What is *not* checked here: revocation
(``certificates.checked_servers``).
"""

import ssl

from sender_constraint.certificates.checked_servers import ServerCertificateRefused
from sender_constraint.core.errors import Refusal
from sender_constraint.core.rules import Rule, enforces, rule

_CHECK_SERVER = (
    "Send nothing. Check the URL and the trust bundle; if both are right, ask the server's operator."
)

VALIDITY = rule(
    "server.validity", "RFC 5280 §4.1.2.5", "The server certificate has expired, or is not yet valid."
).explained("a server certificate that is currently valid", "{reason}", _CHECK_SERVER)
PURPOSE = rule(
    "server.purpose", "RFC 5280 §4.2.1.12", "The certificate is not a server certificate."
).explained("a certificate for servers (serverAuth)", "{reason}", _CHECK_SERVER)
NAME = rule("server.name", "RFC 9525 §6", "The server certificate is not for the requested host.").explained(
    "a certificate for the requested host", "{reason}", _CHECK_SERVER
)
CHAIN = rule(
    "server.chain", "RFC 5280 §6.1", "The server certificate does not chain to a trusted root."
).explained("a chain to a root in the trust bundle", "{reason}", _CHECK_SERVER)

# OpenSSL's X509_V_ERR_...: CERT_NOT_YET_VALID and CERT_HAS_EXPIRED; INVALID_PURPOSE; HOSTNAME_MISMATCH and
# IP_ADDRESS_MISMATCH. All others are about the chain.
_OF_VALIDITY = (9, 10)
_OF_PURPOSE = (26,)
_OF_NAME = (62, 64)


def verification_refusal(error: BaseException) -> Refusal | None:
    """The refusal behind an exception of a connection; None where no certificate was the reason."""
    failure = verification_error(error)
    if failure is None:
        return None
    try:
        check_validity(failure)
        check_purpose(failure)
        check_name(failure)
        check_chain(failure)
    except ServerCertificateRefused as refusal:
        return refusal
    return None


@enforces(VALIDITY)
def check_validity(failure: ssl.SSLCertVerificationError) -> None:
    """RFC 5280 §4.1.2.5. Raises ServerCertificateRefused."""
    if failure.verify_code in _OF_VALIDITY:
        raise _refused(VALIDITY, "The server certificate is not currently valid", failure)


@enforces(PURPOSE)
def check_purpose(failure: ssl.SSLCertVerificationError) -> None:
    """RFC 5280 §4.2.1.12: another participant's client certificate is no server's."""
    if failure.verify_code in _OF_PURPOSE:
        raise _refused(PURPOSE, "The certificate is not a server certificate", failure)


@enforces(NAME)
def check_name(failure: ssl.SSLCertVerificationError) -> None:
    """RFC 9525 §6: another server of the scheme is not the one that was called."""
    if failure.verify_code in _OF_NAME:
        raise _refused(NAME, "The server certificate is for another host", failure)


@enforces(CHAIN)
def check_chain(failure: ssl.SSLCertVerificationError) -> None:
    """RFC 5280 §6.1: all else that OpenSSL finds on the way to an anchor."""
    if failure.verify_code not in (*_OF_VALIDITY, *_OF_PURPOSE, *_OF_NAME):
        raise _refused(CHAIN, "The server certificate does not chain to a trusted root", failure)


def _refused(broken: Rule, description: str, failure: ssl.SSLCertVerificationError) -> Refusal:
    return ServerCertificateRefused(broken, description, reason=failure.verify_message)


def verification_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """What OpenSSL said of the server's certificate, among an exception's causes; None if it said nothing."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
