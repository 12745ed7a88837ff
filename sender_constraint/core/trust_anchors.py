"""Trust anchors: the certificate authorities of the scheme, and the chains that were verified to them.

RFC 5280 §6.1 (https://www.rfc-editor.org/rfc/rfc5280): path validation starts from anchors that are
trusted out of band. Here they come from a bundle of PEM certificates.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.x509.verification import Store

from sender_constraint.core.names import DistinguishedName, distinguished_name
from sender_constraint.core.untrusted_input import certificates_from_pem

_REMEMBERED_CHAINS = 1024


@dataclass(frozen=True, slots=True)
class VerifiedChain:
    """A chain from an end entity to an anchor, both included."""

    certificates: tuple[x509.Certificate, ...]

    def is_valid_at(self, time: datetime) -> bool:
        """Whether each certificate of the chain is valid at an aware time."""
        return all(
            each.not_valid_before_utc <= time <= each.not_valid_after_utc for each in self.certificates
        )


class VerifiedChains:
    """A bounded memory of verified chains, keyed by the bytes that were presented. Safe among threads.

    Only successes are kept: a refused chain is cheap to refuse again, and must not push out a good one.
    """

    def __init__(self, limit: int = _REMEMBERED_CHAINS) -> None:
        self._chains: OrderedDict[bytes, VerifiedChain] = OrderedDict()
        self._limit = limit
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._chains)

    def recall(self, presented: Sequence[bytes], time: datetime) -> VerifiedChain | None:
        """The chain that these certificates were verified to form, if all of it is valid at this time."""
        with self._lock:
            chain = self._chains.get(_key(presented))
            if chain is None or not chain.is_valid_at(time):
                return None
            self._chains.move_to_end(_key(presented))
            return chain

    def remember(self, presented: Sequence[bytes], chain: VerifiedChain) -> None:
        """Keep a verified chain; the one least recently used gives way."""
        with self._lock:
            self._chains[_key(presented)] = chain
            while len(self._chains) > self._limit:
                self._chains.popitem(last=False)


@dataclass(frozen=True, slots=True, eq=False)
class TrustAnchors:
    """The scheme's certificate authorities: self-issued ones are anchors, the others intermediates.

    verified: the chains verified to these anchors; other anchors have a memory of their own.
    """

    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    store: Store
    names: frozenset[DistinguishedName]
    key_identifiers: frozenset[bytes]
    verified: VerifiedChains = field(default_factory=VerifiedChains)

    @classmethod
    def from_pem(cls, bundle: bytes) -> "TrustAnchors":
        """Read a bundle of PEM certificates. Raises ValueError if it is malformed or holds no anchor."""
        certificates = certificates_from_pem(bundle)
        anchors = tuple(each for each in certificates if each.subject == each.issuer)
        if not anchors:
            raise ValueError("the trust bundle holds no self-issued certificate")
        return cls(
            anchors=anchors,
            intermediates=tuple(each for each in certificates if each not in anchors),
            store=Store(list(anchors)),
            names=frozenset(distinguished_name(each.subject) for each in certificates),
            key_identifiers=frozenset(filter(None, map(_subject_key_identifier, certificates))),
        )

    def is_scheme_issued(self, certificate: x509.Certificate) -> bool:
        """Whether a certificate says that an authority of the scheme issued it: by name or key identifier.

        It is a claim, not a proof: the chain is what proves it. Reading it from the certificate itself
        means that leaving out the chain evades nothing.
        """
        if distinguished_name(certificate.issuer) in self.names:
            return True
        return _authority_key_identifier(certificate) in self.key_identifiers


def _key(presented: Sequence[bytes]) -> bytes:
    # Each certificate is hashed on its own, so that no two sequences share their concatenation.
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in presented)).digest()


def _subject_key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _authority_key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(
            x509.AuthorityKeyIdentifier
        ).value.key_identifier
    except x509.ExtensionNotFound:
        return None
