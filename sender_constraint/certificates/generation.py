"""One generation: a private key, its certificate with the chain, and when they were obtained.

What is checked whenever one is read: the key is ours alone, it is the key of the certificate, each
certificate of the chain issued the one before, and the thumbprint is the recorded one. What is not
checked: validity in time, revocation, and whether anybody trusts the end of the chain.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from sender_constraint.certificates.durable_files import read_private
from sender_constraint.certificates.errors import BrokenGeneration
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.core.untrusted_input import certificates_from_pem, is_issued_by, public_key_of

PRIVATE_KEY = "private-key.pem"
CERTIFICATE = "certificate.pem"
RECORD = "generation.json"


@dataclass(frozen=True, slots=True)
class Generation:
    """A whole generation. Its directory never changes, so that its paths stay consistent with one another.

    id: the name of its directory; later ones sort after earlier ones.
    private_key_path: PKCS#8, PEM, mode 0600.
    certificate_path: PEM, the certificate and then the issuing certificate authorities.
    chain: the certificates of that file; ``certificate`` is the first.
    thumbprint: ``x5t#S256`` (RFC 8705 §3.1).
    obtained_at, not_after: aware UTC; the lifetime counts from the first.
    """

    id: str
    directory: Path
    private_key_path: Path
    certificate_path: Path
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    thumbprint: str
    obtained_at: datetime
    not_after: datetime

    def is_expired(self, now: datetime) -> bool:
        """Whether the certificate has ended: it is valid through notAfter (RFC 5280 §4.1.2.5)."""
        return now > self.not_after


def read_generation(directory: Path) -> Generation:
    """Read and check the generation in a directory. Raises BrokenGeneration."""
    try:
        key = serialization.load_pem_private_key(read_private(directory / PRIVATE_KEY), password=None)
        chain = tuple(certificates_from_pem((directory / CERTIFICATE).read_bytes()))
        certificate = chain[0]
        certified_key = public_key_of(certificate)
        record = json.loads((directory / RECORD).read_bytes())
        obtained_at = datetime.fromisoformat(record["obtained_at"]).astimezone(UTC)
        recorded_thumbprint = record["thumbprint"]
    except (OSError, ValueError, TypeError, KeyError, UnsupportedAlgorithm) as error:
        raise BrokenGeneration(f"{directory} is not a whole generation: {error}") from error
    thumbprint = certificate_thumbprint(certificate.public_bytes(serialization.Encoding.DER))
    if thumbprint != recorded_thumbprint:
        raise BrokenGeneration(f"{directory / CERTIFICATE} is not the certificate that {RECORD} records")
    if key.public_key() != certified_key:
        raise BrokenGeneration(f"{directory / PRIVATE_KEY} is not the key of the certificate beside it")
    _check_links(directory, chain)
    return Generation(
        id=directory.name,
        directory=directory,
        private_key_path=directory / PRIVATE_KEY,
        certificate_path=directory / CERTIFICATE,
        certificate=certificate,
        chain=chain,
        thumbprint=thumbprint,
        obtained_at=obtained_at,
        not_after=certificate.not_valid_after_utc,
    )


def record_of(chain: list[x509.Certificate], obtained_at: datetime) -> bytes:
    """The content of ``generation.json``."""
    thumbprint = certificate_thumbprint(chain[0].public_bytes(serialization.Encoding.DER))
    record = {"obtained_at": obtained_at.astimezone(UTC).isoformat(), "thumbprint": thumbprint}
    return json.dumps(record, indent=1).encode() + b"\n"


def _check_links(directory: Path, chain: tuple[x509.Certificate, ...]) -> None:
    for certificate, issuer in pairwise(chain):
        if not is_issued_by(certificate, issuer):
            subject = issuer.subject.rfc4514_string()
            raise BrokenGeneration(f"{directory / CERTIFICATE}: {subject} did not issue the one before")
