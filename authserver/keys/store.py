"""Signing keys on disk.

::

    keys/<kid>.pem     0600, PKCS#8: every one of them is published
    keys/signing       symbolic link to the one that signs, replaced by one rename
    keys/phases.json   since when each is published, signs, signs no more
    keys/lock          held while any of them changes

A key that is to sign later is published by its file alone; the link then moves to it. What reads the
directory sees the old link or the new one, and a file only once it is whole.
"""

import json
import os
import threading
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

from django.conf import settings

from authserver.keys.phases import Lives, decoded, encoded
from authserver.keys.signing_keys import KeyRing, SigningKey, signing_key, signing_key_from_pem
from sender_constraint.certificates import durable_files as files
from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.file_locks import locked

SIGNING = "signing"
PHASES = "phases.json"

# The names of the published keys, and the target of the link: a file never changes under its name.
_Version = tuple[frozenset[str], str]


class NoSigningKey(Exception):
    """There is no usable key that signs: ``manage.py prepare`` makes one."""


class SigningKeyStore:
    """The directory of signing keys of this server."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._read: tuple[_Version, KeyRing] | None = None

    def load(self) -> KeyRing:
        """The keys as they are now; they are read again once one came or went. Raises NoSigningKey."""
        with self._lock:
            try:
                return self._current()
            except (OSError, ValueError) as error:
                raise NoSigningKey(f"{self._directory}: {error}") from error

    def ensure(self) -> SigningKey:
        """The key that signs, born now if there is none. Two processes at once get the same one."""
        with self.alone():
            if not (self._directory / SIGNING).exists():
                self.let_sign(self.publish_new())
        return self.load().signing

    def kids(self) -> frozenset[str]:
        """Of the keys that are published."""
        return frozenset(name.removesuffix(".pem") for name in self._version()[0])

    def publish_new(self) -> str:
        """A new key, published and not signing yet. Returns its kid. For the holder of ``alone``."""
        key = signing_key(new_private_key())
        files.replace(self._directory / f"{key.kid}.pem", private_key_pem(key.private_key), files.PRIVATE)
        return key.kid

    def let_sign(self, kid: str) -> None:
        """From now on this key signs. For the holder of ``alone``."""
        files.point(self._directory / SIGNING, f"{kid}.pem")

    def remove(self, kid: str) -> None:
        """A key is published no more, and exists no more. For the holder of ``alone``."""
        (self._directory / f"{kid}.pem").unlink(missing_ok=True)
        files.flush_directory(self._directory)

    def lives(self) -> Lives:
        """What is written down of each key; nothing, where that cannot be read: it is begun anew."""
        try:
            document = json.loads((self._directory / PHASES).read_bytes())
            return {kid: decoded(kid, life) for kid, life in document.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def write_lives(self, lives: Lives) -> None:
        """Write it down. For the holder of ``alone``."""
        document = {kid: encoded(life) for kid, life in lives.items()}
        files.replace(self._directory / PHASES, json.dumps(document, indent=1).encode(), files.PRIVATE)

    def alone(self) -> AbstractContextManager[None]:
        """For whoever changes anything: one at a time, of all processes."""
        return locked(self._directory / "lock")

    def _current(self) -> KeyRing:
        while True:
            version = self._version()
            if self._read is not None and self._read[0] == version:
                return self._read[1]
            try:
                self._read = (version, self._ring())
            except FileNotFoundError:
                # Removed while we were reading: the names tell.
                if self._version() == version:
                    raise

    def _version(self) -> _Version:
        names = frozenset(entry for entry in os.listdir(self._directory) if _is_key(entry))  # noqa: PTH208 - on each request's path
        return names, os.readlink(self._directory / SIGNING)  # noqa: PTH115 - as above

    def _ring(self) -> KeyRing:
        published = [_key_of(file) for file in sorted(self._directory.glob("*.pem")) if _is_key(file.name)]
        signing = _key_of(self._directory / SIGNING)
        if signing.kid not in {key.kid for key in published}:
            raise ValueError("the key that signs is not among the published ones")
        return KeyRing(signing, tuple(published))


@cache
def signing_key_store() -> SigningKeyStore:
    """The store of this service, in its state directory."""
    return SigningKeyStore(settings.SIGNING_KEYS)


def _is_key(name: str) -> bool:
    """Whether it is a key's file: what is not yet renamed to one begins with a dot."""
    return name.endswith(".pem") and not name.startswith(".")


def _key_of(file: Path) -> SigningKey:
    return signing_key_from_pem(files.read_private(file))
