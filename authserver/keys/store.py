"""Signing keys on disk.

::

    keys/<kid>.pem    0600, PKCS#8: every one of them is published
    keys/signing      symbolic link to the one that signs, replaced by one rename
    keys/lock         held while a key is born

A key that is to sign later is published by its file alone; the link then moves to it. What reads the
directory sees the old link or the new one, and a file only once it is whole.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.conf import settings

from authserver.keys.signing_keys import KeyRing, SigningKey, signing_key, signing_key_from_pem
from sender_constraint.certificates import durable_files as files
from sender_constraint.certificates.csr import new_private_key, private_key_pem

SIGNING = "signing"


class NoSigningKey(Exception):
    """There is no usable key that signs: ``manage.py prepare`` makes one."""


class SigningKeyStore:
    """The directory of signing keys of this server."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._read: tuple[int, KeyRing] | None = None

    def load(self) -> KeyRing:
        """The keys as they are now; the directory is read again once it changed. Raises NoSigningKey."""
        with self._lock:
            try:
                version = self._directory.stat().st_mtime_ns
                if self._read is None or self._read[0] != version:
                    self._read = (version, self._ring())
            except (OSError, ValueError) as error:
                raise NoSigningKey(f"{self._directory}: {error}") from error
            return self._read[1]

    def ensure(self) -> SigningKey:
        """The key that signs, born now if there is none. Two processes at once get the same one."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            if not (self._directory / SIGNING).exists():
                files.point(self._directory / SIGNING, self._born())
        return self.load().signing

    def _born(self) -> str:
        key = signing_key(new_private_key())
        name = f"{key.kid}.pem"
        files.replace(self._directory / name, private_key_pem(key.private_key), files.PRIVATE)
        return name

    def _ring(self) -> KeyRing:
        published = [_key_of(file) for file in sorted(self._directory.glob("*.pem"))]
        signing = _key_of(self._directory / SIGNING)
        if signing.kid not in {key.kid for key in published}:
            raise ValueError("the key that signs is not among the published ones")
        return KeyRing(signing, tuple(published))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@cache
def signing_key_store() -> SigningKeyStore:
    """The store of this service, in its state directory."""
    return SigningKeyStore(settings.SIGNING_KEYS)


def _key_of(file: Path) -> SigningKey:
    return signing_key_from_pem(files.read_private(file))
