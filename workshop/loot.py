"""Who plays in the catalogue, and what each has: the honest for the valid calls, the thieves for theirs.

A valid call is made from a Cast, and changed with the Loot alone: so no attack uses the partner's key by
mistake.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.csr import RequestedNames, first_request
from workshop.asserting import SigningClients, SigningLoot
from workshop.dumps import Dumps
from workshop.insider import Insider
from workshop.issuing import Issued
from workshop.private_files import write_private
from workshop.proofs import Proofs
from workshop.wire import Credentials


@dataclass(frozen=True)
class Targets:
    """Where the attacked services listen: origins, without a slash at the end."""

    issuer: str
    api: str
    ca: str


@dataclass(frozen=True)
class Holdings:
    """What the bank keeps of one client, by the identifiers that its API gives."""

    account: str
    transaction: str
    payment: str


@dataclass(frozen=True)
class Member:
    """A client of the bank with its certificate, and with a token that is bound to it."""

    client_id: str
    credentials: Credentials
    token: str
    holdings: Holdings


@dataclass(frozen=True)
class Enrolment:
    """A participant's entry at the certificate authority. secret: spent, on this key."""

    participant: str
    secret: str
    names: RequestedNames
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Former:
    """A participant whose certificate was revoked, and who still has it, its key, and the spent secret."""

    credentials: Credentials
    enrolment: Enrolment
    der: bytes


@dataclass(frozen=True)
class Lineage:
    """A certificate that was replaced, and its successor, each with its key. names: of both."""

    replaced: Credentials
    latest: Credentials
    names: RequestedNames


@dataclass(frozen=True)
class Loot:
    """What the thieves have; never the partner's key.

    token: the partner's, stolen; the one in the valid call.
    partner_certificate: public, as everybody sees it in a handshake.
    own: the thief's valid certificate from the same CA, and its key.
    other_audience_token, unbound_token: the partner's too, stolen; opaque_token: likewise, an opaque one for
    the API, and other_opaque_token, for another API.
    another_token: has the partner get one more, for whoever destroys it.
    revoked_token, revoked_opaque_token: the partner's, which it revokes when they are first asked for.
    expired_token: the same; waits until it is over, the first time that it is asked for.
    issuer_key: the authorization server's public key, PEM, from its JWKS.
    enrolment: the thief's own, as a participant of the scheme. names: the partner's, as they are registered.
    holdings: what the bank keeps of the partner, by identifiers that leaked.
    overheard_key: has the partner pay a cent, and gives the Idempotency-Key with which it did.
    former: has somebody enrol and be revoked, the first time that it is asked for.
    lineage: has a participant enrol and renew, each time; both keys are stolen.
    suspended: the same, and its replaced key has forked the lineage.
    dumps: copies of what the parties keep.
    in_advance: a token of the partner's that is bound to a key, and what that key signed before the theft was
    noticed: whatever the thief asked for (RFC 9449 §11.2). The key itself nobody uses.
    overheard_proof: has the partner call with a proof, and gives that proof.
    token_endpoint: its address, as the metadata has it.
    signing: what is to be had of clients that sign what they send, or that made their own certificates.
    resource: the API's identifier, for which tokens are.
    workspace: a private directory of the thief's. insider: None where nobody plays this part.
    """

    token: str
    partner_certificate: x509.Certificate
    own: Credentials
    expired_token: Callable[[], str]
    other_audience_token: str
    unbound_token: str
    opaque_token: str
    other_opaque_token: str
    another_token: Callable[[], str]
    revoked_token: Callable[[], str]
    revoked_opaque_token: Callable[[], str]
    issuer_key: bytes
    enrolment: Enrolment
    names: RequestedNames
    holdings: Holdings
    overheard_key: Callable[[], str]
    former: Callable[[], Former]
    lineage: Callable[[], Lineage]
    suspended: Callable[[], Lineage]
    dumps: Dumps
    signing: SigningLoot
    in_advance: Proofs
    overheard_proof: Callable[[], str]
    token_endpoint: str
    resource: str
    workspace: Path
    insider: Insider | None = None

    @property
    def own_der(self) -> bytes:
        """The thief's own certificate, DER."""
        if self.own.certificate is None:
            raise ValueError("the thief has no certificate")
        leaf = x509.load_pem_x509_certificate(self.own.certificate.read_bytes())
        return leaf.public_bytes(serialization.Encoding.DER)

    @property
    def own_proofs(self) -> Proofs:
        """Proofs by a key of the thief's own, for the same token and address."""
        return replace(self.in_advance, key=self.enrolment.key)

    @property
    def partner_der(self) -> bytes:
        """The partner's certificate, DER."""
        return self.partner_certificate.public_bytes(serialization.Encoding.DER)

    @property
    def partner_pem(self) -> bytes:
        """The partner's certificate, PEM."""
        return self.partner_certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def request_for_partner(self) -> bytes:
        """A certification request for the partner's names, with the thief's key; DER."""
        return first_request(self.enrolment.key, self.names)

    @property
    def authorities(self) -> Insider:
        """The insider. Raises LookupError where nobody plays this part."""
        if self.insider is None:
            raise LookupError("the authorities' keys are not on this machine")
        return self.insider

    def credentials(self, issued: Issued, *issuers: Issued) -> Credentials:
        """A certificate that was made, the issuers that are sent with it, and its key, as files."""
        key = issued.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self.written(b"".join(each.pem for each in (issued, *issuers)), key)

    def written(self, certificate: bytes, key: bytes) -> Credentials:
        """A certificate and its key, both PEM, as files."""
        name = token_hex(8)
        return Credentials(
            write_private(self.workspace / f"{name}-certificate.pem", certificate.decode()),
            write_private(self.workspace / f"{name}-key.pem", key.decode()),
        )


@dataclass(frozen=True)
class Cast:
    """Everyone who plays.

    holder: the partner as a client whose token is bound to a key.
    given_nonce: has the token endpoint give one to a client whose proofs need it.
    other: another client of the bank, with accounts of its own, which is honest in its valid calls.
    signing: clients that sign what they send, or that made their own certificates.
    issuer: as the partner knows its authorization server, wherever that listens.
    certificates: the partner's generations, for its own code. trust_bundle: PEM, everyone's.
    """

    targets: Targets
    issuer: str
    certificates: Path
    trust_bundle: Path
    partner: Member
    holder: Proofs
    given_nonce: Callable[[], str]
    other: Member
    signing: SigningClients
    loot: Loot

    def at(self, targets: Targets) -> "Cast":
        """The same people before other servers."""
        return replace(self, targets=targets)
