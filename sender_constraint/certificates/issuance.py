"""Where certificates come from: an issuer takes a key and gives back its certificate with the chain."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.csr import RequestedNames, first_request, next_request
from sender_constraint.certificates.errors import NoEnrolmentSecret, UnusableAnswer
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generation import Generation
from sender_constraint.core.untrusted_input import (
    MalformedInput,
    certificates_from_pem,
    is_issued_by,
    public_key_of,
)

LONGEST_CHAIN = 8


class Issuer(Protocol):
    """What renewal and enrolment need; both methods return the certificate and then its issuers.

    Both raise IssuanceFailed, and may be called again with the same key after a crash.
    """

    def first(self, key: ec.EllipticCurvePrivateKey) -> list[x509.Certificate]:
        """The first certificate of a participant."""

    def next(self, key: ec.EllipticCurvePrivateKey, replaced: Generation) -> list[x509.Certificate]:
        """The successor of a generation, which may have expired."""

    def delivered_secret(self) -> str | None:
        """What tells the one-time secret that was delivered from others, None if there is none to be spent.

        Whoever delivers one wants a new line of certificates to begin with it.
        """

    def published(self, generation: Generation) -> None:
        """Called once a first certificate is published: its secret is spent."""


class EstIssuer:
    """Issues by EST.

    participant: the name that the authority knows, beside which the one-time secret stands.
    secret_file: holds that secret; read for a first enrolment only, and removed after it.
    trust_bundle: PEM, where the issuers that an answer leaves out are taken from (RFC 7030 §4.2.3); those
        that are new since it came are asked for.
    """

    def __init__(
        self, est: EstClient, names: RequestedNames, participant: str, secret_file: Path, trust_bundle: Path
    ) -> None:
        self._est = est
        self._names = names
        self._participant = participant
        self._secret_file = secret_file
        self._trust_bundle = trust_bundle

    def first(self, key: ec.EllipticCurvePrivateKey) -> list[x509.Certificate]:
        """Enrol with the one-time secret."""
        try:
            secret = self._secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            whose = f"the first enrolment of {self._participant!r}"
            raise NoEnrolmentSecret(f"{whose} needs its one-time secret in {self._secret_file}") from error
        answer = self._est.enrol(first_request(key, self._names), self._participant, secret)
        return self._chain(key, answer)

    def next(self, key: ec.EllipticCurvePrivateKey, replaced: Generation) -> list[x509.Certificate]:
        """Re-enrol with the certificate that is to be replaced."""
        return self._chain(key, self._est.reenrol(next_request(key, replaced.certificate), replaced))

    def delivered_secret(self) -> str | None:
        """The SHA-256 of the one-time secret, in hexadecimal; None without one that can be read."""
        try:
            return hashlib.sha256(self._secret_file.read_bytes().strip()).hexdigest()
        except OSError:
            return None

    def published(self, generation: Generation) -> None:  # noqa: ARG002 - the protocol's signature
        """Remove the one-time secret: it is spent."""
        self._secret_file.unlink(missing_ok=True)

    def _chain(
        self, key: ec.EllipticCurvePrivateKey, answer: Sequence[x509.Certificate]
    ) -> list[x509.Certificate]:
        own = [certificate for certificate in answer if _is_for(certificate, key)]
        if len(own) != 1:
            raise UnusableAnswer(f"the answer has {len(own)} certificates for our key, not one")
        known = certificates_from_pem(self._trust_bundle.read_bytes())
        try:
            return complete_chain(own[0], [*answer, *known])
        except UnusableAnswer:
            # An issuing authority that took another's place since the bundle came (RFC 7030 §4.1.3). What EST
            # says adds nobody to those who are trusted: it has to lead to an anchor of the bundle.
            others = [each for each in self._est.cacerts() if each.subject != each.issuer]
            return complete_chain(own[0], [*answer, *known, *others])


def complete_chain(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """The certificate and its issuers up to, and without, the self-issued one at the end.

    Raises UnusableAnswer if the authorities do not lead to a self-issued one.
    """
    chain = [certificate]
    for _ in range(LONGEST_CHAIN):
        issuer = _issuer_of(chain[-1], authorities)
        if issuer is None:
            name = chain[-1].issuer.rfc4514_string()
            raise UnusableAnswer(
                f"{name}, which issued the certificate, is in neither answer nor trust bundle"
            )
        if issuer.subject == issuer.issuer:
            return chain
        chain.append(issuer)
    raise UnusableAnswer(f"the chain is longer than {LONGEST_CHAIN} certificates")


def _is_for(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bool:
    try:
        return public_key_of(certificate) == key.public_key()
    except MalformedInput:
        return False  # for a key of another kind


def _issuer_of(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    return next((each for each in authorities if is_issued_by(certificate, each)), None)
