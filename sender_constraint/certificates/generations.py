"""A store of generations on disk, from which every reader gets a whole one at any moment.

    current -> generations/<id>               replaced by one rename: that is the publication
    generations/<id>/private-key.pem          mode 0600
                     certificate.pem          the certificate, then its issuing authorities
                     generation.json          when it was obtained, and its thumbprint
    pending/private-key.pem                   the key of a request on its way
    lock                                      held by whoever writes

A generation is written into a directory that nothing points to, flushed, read back and checked; only
then does ``current`` point to it. Whoever dies on the way leaves ``current`` as it was.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from sender_constraint.certificates import durable_files
from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration
from sender_constraint.certificates.generation import (
    CERTIFICATE,
    PRIVATE_KEY,
    RECORD,
    Generation,
    read_generation,
    record_of,
)

__all__ = ["Generation", "GenerationStore"]

KEPT_GENERATIONS = 3


class GenerationStore:
    """The generations of one purpose, for example ``<STATE_DIR>/certificates/client``.

    Reading needs no lock. ``publish`` and the pending key are for the holder of ``exclusive``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._current = path / "current"
        self._generations = path / "generations"
        self._pending_key = path / "pending" / PRIVATE_KEY

    def current_id(self) -> str | None:
        """The id of the current generation, or None: one readlink, cheap enough for every call."""
        try:
            return os.path.basename(os.readlink(self._current))  # noqa: PTH115, PTH119 - on every call's path
        except FileNotFoundError:
            return None

    def current(self) -> Generation:
        """The current generation, whole. Raises NoGeneration or BrokenGeneration."""
        current_id = self.current_id()
        while current_id is not None:
            try:
                return read_generation(self._generations / current_id)
            except BrokenGeneration:
                # Broken, or replaced and tidied away while we were reading: the link tells which.
                now_current = self.current_id()
                if now_current == current_id:
                    raise
                current_id = now_current
        raise NoGeneration(f"{self.path} holds no certificate yet; run the service's `manage.py enrol`")

    def publish(self, private_key_pem: bytes, chain_pem: bytes, obtained_at: datetime) -> Generation:
        """Write, check and publish a generation; tidy away all but the last few.

        private_key_pem: PKCS#8. chain_pem: the certificate, then its issuers. obtained_at: aware.
        Raises BrokenGeneration, and publishes nothing, if they do not belong together.
        """
        directory = self._write(private_key_pem, chain_pem, obtained_at)
        try:
            generation = read_generation(directory)
        except BrokenGeneration:
            shutil.rmtree(directory)
            raise
        durable_files.point(self._current, f"{self._generations.name}/{generation.id}")
        self._tidy(generation.id)
        return generation

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Single flight among all threads and processes: yields at once, False if somebody else holds it.

        The operating system lets go of it when its holder dies.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, durable_files.PRIVATE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def pending_key(self) -> bytes | None:
        """The key of a request that was on its way when its sender died, PEM, or None."""
        try:
            return durable_files.read_private(self._pending_key)
        except (FileNotFoundError, PermissionError):
            return None

    def keep_pending_key(self, private_key_pem: bytes) -> None:
        """Keep the key of the request that is about to be sent."""
        self._pending_key.parent.mkdir(mode=0o700, exist_ok=True)
        durable_files.replace(self._pending_key, private_key_pem, durable_files.PRIVATE)

    def drop_pending_key(self) -> None:
        """Forget it: its request was answered."""
        self._pending_key.unlink(missing_ok=True)

    def _write(self, private_key_pem: bytes, chain_pem: bytes, obtained_at: datetime) -> Path:
        self._generations.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            record = record_of(x509.load_pem_x509_certificates(chain_pem), obtained_at)
        except ValueError as error:
            raise BrokenGeneration(f"no certificate to publish: {error}") from error
        # The name sorts by time; the suffix keeps the traces of an attempt that died apart.
        name = obtained_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ-")
        directory = Path(tempfile.mkdtemp(prefix=name, dir=self._generations))
        durable_files.write_new(directory / PRIVATE_KEY, private_key_pem, durable_files.PRIVATE)
        durable_files.write_new(directory / CERTIFICATE, chain_pem, durable_files.PUBLIC)
        durable_files.write_new(directory / RECORD, record, durable_files.PUBLIC)
        durable_files.flush_directory(directory)
        durable_files.flush_directory(self._generations)
        return directory

    def _tidy(self, current_id: str) -> None:
        others = sorted(entry for entry in self._generations.iterdir() if entry.name != current_id)
        for old in others[: max(0, len(others) - (KEPT_GENERATIONS - 1))]:
            shutil.rmtree(old, ignore_errors=True)
