"""Where the hierarchy is kept: one directory, made whole and then published by one rename.

authority/root-private-key.pem      PKCS#8, mode 0600; encrypted where there is a passphrase
          root-certificate.pem
          issuing-private-key.pem   the same
          issuing-certificate.pem

The root's key may be taken away to a safe: only what it signs itself needs it.

An issuing authority that takes the place of another is a directory of its own, with the same two files:

authority/issuing-2/, issuing-3/, ...
          current -> issuing-2        which of them issues; without this link it is the first

Those before it stay: what they issued is answered for until it ends. Their names are for good, since the
certificates that they issued lead to addresses with these names.
"""

import re
import shutil
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from ca.authority.hierarchy import ISSUING, ROOT, CertificateAuthority, Hierarchy
from sender_constraint.certificates import durable_files
from sender_constraint.core.untrusted_input import certificates_from_pem

NAME = "authority"
# Keys are derived from it by 2,048 rounds of PBKDF2 alone: it has to be one that nobody guesses.
SHORTEST_PASSPHRASE = 20
_CURRENT = "current"
_SUCCESSOR = re.compile(rf"{ISSUING}-([1-9][0-9]*)")
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"  # RFC 7468 §11


class NoAuthority(Exception):
    """There is no usable hierarchy in the directory: none yet, or files that are missing, open or broken."""


class WrongPassphrase(NoAuthority):
    """A key is encrypted, and the passphrase for it is missing or another one; or the other way round."""


class AuthorityExists(Exception):
    """There is a hierarchy already, and nothing ever overwrites one."""


class AuthorityDirectory:
    """The hierarchy within a directory of keys, for example ``<STATE_DIR>/keys``.

    passphrase_file: its content, without line ends, encrypts both keys; None leaves them as they are.
    """

    def __init__(self, keys: Path, passphrase_file: Path | None = None) -> None:
        self.path = keys / NAME
        self._passphrase_file = passphrase_file

    def exists(self) -> bool:
        """Whether a hierarchy was published here."""
        return self.path.exists()

    def publish(self, hierarchy: Hierarchy) -> None:
        """Write a hierarchy. Raises AuthorityExists, also for the later of two at the same time.

        Raises WrongPassphrase if there is to be one, and it cannot be read.
        """
        if self.exists():
            raise AuthorityExists(f"{self.path} exists")
        passphrase = self.passphrase()
        keys = self.path.parent
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        unpublished = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=keys))
        _write(unpublished, ROOT, hierarchy.root, passphrase)
        _write(unpublished, ISSUING, hierarchy.issuing, passphrase)
        _publish(unpublished, self.path)

    def add_issuing(self, authority: CertificateAuthority) -> str:
        """Write an issuing authority that does not issue yet, beside the others. Returns its name.

        Raises WrongPassphrase; AuthorityExists if somebody else added one at this moment.
        """
        latest = self.issuing_names()[-1]
        name = f"{ISSUING}-{int(latest.removeprefix(ISSUING).removeprefix('-') or 1) + 1}"
        passphrase = self.passphrase()
        unpublished = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.path))
        _write(unpublished, ISSUING, authority, passphrase)
        _publish(unpublished, self.path / name)
        return name

    @property
    def lock(self) -> Path:
        """What whoever puts another issuing authority in charge holds meanwhile (``file_locks``)."""
        return self.path.with_name(f".{NAME}.lock")

    def put_in_charge(self, name: str) -> None:
        """Have an issuing authority issue from now on, by one rename; also if it does already."""
        durable_files.point(self.path / _CURRENT, name)

    def issuing_names(self) -> tuple[str, ...]:
        """The issuing authorities in the order in which they were made."""
        found = (_SUCCESSOR.fullmatch(each.name) for each in self.path.iterdir()) if self.exists() else ()
        return (
            ISSUING,
            *(f"{ISSUING}-{number}" for number in sorted(int(each[1]) for each in found if each)),
        )

    def current_issuing(self) -> str:
        """The name of the one that issues."""
        try:
            return (self.path / _CURRENT).readlink().name
        except FileNotFoundError:
            return ISSUING

    def load(self) -> Hierarchy:
        """Read the root, and the authority that issues. Raises NoAuthority, with the remedy."""
        if not self.exists():
            raise NoAuthority(f"{self.path} does not exist: run `./scripts/manage ca init`")
        return Hierarchy(root=self.load_root(), issuing=self.load_issuing())

    def load_issuing(self, name: str | None = None) -> CertificateAuthority:
        """Read an issuing authority alone, which works with the root's key in a safe. Raises NoAuthority.

        name: None for the one that issues.
        """
        return self._read(name or self.current_issuing())

    def load_root(self) -> CertificateAuthority:
        """Read the root alone. Raises NoAuthority, also where its key is in a safe."""
        return self._read(ROOT)

    def certificates(self) -> tuple[x509.Certificate, ...]:
        """The root's, and those of all issuing authorities, the oldest first. Raises NoAuthority."""
        return self.certificate(ROOT), *map(self.certificate, self.issuing_names())

    def private_key_paths(self) -> tuple[Path, ...]:
        """The files that nobody else may read."""
        return tuple(self._file(name, "private-key") for name in (ROOT, *self.issuing_names()))

    def passphrase(self) -> bytes | None:
        """The passphrase; None where the keys have none. Raises WrongPassphrase if its file is of no use."""
        if self._passphrase_file is None:
            return None
        try:
            passphrase = durable_files.read_private(self._passphrase_file).strip(b"\r\n")
        except OSError as error:
            raise WrongPassphrase(
                f"the passphrase of the authority's keys cannot be read: {error}"
            ) from error
        if len(passphrase) < SHORTEST_PASSPHRASE:
            raise WrongPassphrase(
                f"the passphrase in {self._passphrase_file} has fewer than {SHORTEST_PASSPHRASE} characters: "
                "make one with `openssl rand -base64 32`"
            )
        return passphrase

    def _read(self, name: str) -> CertificateAuthority:
        path = self._file(name, "private-key")
        passphrase = self.passphrase()
        try:
            pem = durable_files.read_private(path)
            private_key = decrypted(path, pem, passphrase)
        except (OSError, ValueError) as error:
            raise NoAuthority(f"the key of the {name} authority cannot be used: {error}") from error
        certificate = self.certificate(name)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise NoAuthority(f"the key of the {name} authority is not an EC key")
        if private_key.public_key() != certificate.public_key():
            raise NoAuthority(f"key and certificate of the {name} authority in {self.path} do not match")
        return CertificateAuthority(private_key, certificate)

    def certificate(self, name: str) -> x509.Certificate:
        """That of the root, or of an issuing authority. Raises NoAuthority."""
        try:
            return certificates_from_pem(self._file(name, "certificate").read_bytes())[0]
        except (OSError, ValueError) as error:
            raise NoAuthority(f"the certificate of the {name} authority cannot be used: {error}") from error

    def _file(self, name: str, what: str) -> Path:
        if name in (ROOT, ISSUING):
            return self.path / f"{name}-{what}.pem"
        return self.path / name / f"{ISSUING}-{what}.pem"


def pem_of(certificates: tuple[x509.Certificate, ...]) -> bytes:
    """PEM (RFC 7468), one after the other."""
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def decrypted(path: Path, pem: bytes, passphrase: bytes | None) -> PrivateKeyTypes:
    """The key. Raises WrongPassphrase with what to do, and ValueError for what is no key."""
    is_encrypted = _ENCRYPTED in pem
    if is_encrypted and passphrase is None:
        raise WrongPassphrase(f"{path} is encrypted: name the file of its passphrase in KEY_PASSPHRASE_FILE")
    if not is_encrypted and passphrase is not None:
        raise WrongPassphrase(
            f"{path} is not encrypted, though there is a passphrase: encrypt it with `openssl pkcs8 -topk8`, "
            "or leave KEY_PASSPHRASE_FILE empty"
        )
    try:
        return serialization.load_pem_private_key(pem, passphrase)
    except ValueError as error:
        if not is_encrypted:
            raise
        raise WrongPassphrase(
            f"{path} is broken, or has another passphrase than that in KEY_PASSPHRASE_FILE: {error}"
        ) from error


def _publish(unpublished: Path, path: Path) -> None:
    durable_files.flush_directory(unpublished)
    try:
        # A rename onto a directory that holds something fails: it cannot overwrite.
        unpublished.rename(path)
    except OSError:
        shutil.rmtree(unpublished)
        if path.exists():
            raise AuthorityExists(f"{path} exists") from None
        raise
    durable_files.flush_directory(path.parent)


def _write(directory: Path, name: str, authority: CertificateAuthority, passphrase: bytes | None) -> None:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase)
    pem = authority.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    durable_files.write_new(directory / f"{name}-private-key.pem", pem, durable_files.PRIVATE)
    durable_files.write_new(
        directory / f"{name}-certificate.pem", pem_of((authority.certificate,)), durable_files.PUBLIC
    )
