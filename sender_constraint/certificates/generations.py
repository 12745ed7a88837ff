"""A store of generations on disk, from which every reader gets a whole one at any moment.

    current -> generations/<id>               replaced by one rename: that is the publication
    generations/<id>/private-key.pem          mode 0600
                     certificate.pem          the certificate, then its issuing authorities
                     generation.json          when it was obtained, and its thumbprint
    pending/private-key.pem                   the key of a request on its way, or of the last renewal
            secret.sha256                     for which one-time secret it was made, if for one
    replace                                   the id of a generation that is to be replaced before it is due
    lock                                      held by whoever writes

A generation is written into a directory that nothing points to, flushed, read back and checked; only
then does ``current`` point to it. Whoever dies on the way leaves ``current`` as it was, and a disk that is
full gets back what was written.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sender_constraint.certificates import durable_files
from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration, StoreUnwritable
from sender_constraint.certificates.generation import (
    CERTIFICATE,
    PRIVATE_KEY,
    RECORD,
    Generation,
    read_generation,
    record_of,
)
from sender_constraint.certificates.rotation_steps import Step, nothing_more
from sender_constraint.core.untrusted_input import MalformedInput, certificates_from_pem

__all__ = ["Generation", "GenerationStore"]

KEPT_GENERATIONS = 3


class GenerationStore:
    """The generations of one purpose, for example ``<STATE_DIR>/certificates/client``.

    Reading needs no lock. ``publish`` and the pending key are for the holder of ``exclusive``.
    after: told of each step of a rotation once it is done; tests kill the process there.
    """

    def __init__(self, path: Path, after: Callable[[Step], None] = nothing_more) -> None:
        self.path = path
        self.after = after
        self._current = path / "current"
        self._generations = path / "generations"
        self._pending_key = path / "pending" / PRIVATE_KEY
        self._pending_secret = path / "pending" / "secret.sha256"
        self._to_replace = path / "replace"

    def current_id(self) -> str | None:
        """The id of the current generation, or None: one readlink, cheap enough for every call.

        Where ``current`` is no link, it is the id of no generation, so that reading it finds none.
        """
        try:
            return os.path.basename(os.readlink(self._current))  # noqa: PTH115, PTH119 - on every call's path
        except FileNotFoundError:
            return None
        except OSError:
            return self._current.name

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
        raise NoGeneration(f"{self.path} holds no certificate yet; next: ./scripts/manage SERVICE enrol")

    def last_good(self) -> Generation:
        """The current generation, or where that is broken or lost the latest whole one before it.

        For whoever has nothing that serves: a process that starts, a renewal. Raises NoGeneration or
        BrokenGeneration, about the current one, if no other is whole.
        """
        try:
            return self.current()
        except (BrokenGeneration, NoGeneration):
            for earlier in self._whole(before=self.current_id()):
                return earlier
            raise

    def order_replacement(self) -> Generation:
        """Have the current generation replaced by the next renewal, though it is not due. Returns it.

        Whoever renews once has done it: the order is for this one generation.
        Raises NoGeneration, BrokenGeneration or StoreUnwritable.
        """
        current = self.current()
        try:
            durable_files.replace(self._to_replace, current.id.encode(), durable_files.PUBLIC)
        except OSError as error:
            raise StoreUnwritable(f"the order could not be kept: {error}") from error
        return current

    def is_to_be_replaced(self, generation: Generation) -> bool:
        """Whether that was ordered for this generation."""
        try:
            return self._to_replace.read_text() == generation.id
        except (OSError, ValueError):
            return False  # for none, or for one that cannot be read

    def publish(self, private_key_pem: bytes, chain_pem: bytes, obtained_at: datetime) -> Generation:
        """Write, check and publish a generation; tidy away all but the last few.

        private_key_pem: PKCS#8. chain_pem: the certificate, then its issuers. obtained_at: aware.
        Raises BrokenGeneration, if they do not belong together, or StoreUnwritable; nothing is published
        then, and what was written is gone.
        """
        try:
            directory = self._new_directory(obtained_at)
            try:
                self._write(directory, private_key_pem, chain_pem, obtained_at)
                generation = read_generation(directory)
                self.after(Step.CHECKED)
                durable_files.point(self._current, f"{self._generations.name}/{generation.id}")
            except BaseException:
                if self.current_id() != directory.name:
                    shutil.rmtree(directory, ignore_errors=True)
                raise
        except OSError as error:
            raise StoreUnwritable(f"the new certificate could not be written: {error}") from error
        self.after(Step.PUBLISHED)
        self._tidy(generation.id)
        self.after(Step.TIDIED)
        return generation

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Single flight among all threads and processes: yields at once, False if somebody else holds it.

        The operating system lets go of it when its holder dies. Raises StoreUnwritable.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, durable_files.PRIVATE)
        except OSError as error:
            raise StoreUnwritable(f"the store cannot be locked: {error}") from error
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
        """Keep the key of the request that is about to be sent. Raises StoreUnwritable."""
        self._keep_pending(self._pending_key, private_key_pem)
        self.after(Step.KEY_KEPT)

    def drop_pending_key(self) -> None:
        """Forget it: its request was answered, and nobody will ask for that answer again."""
        self._pending_key.unlink(missing_ok=True)
        self._settle()

    def keep_answered_key(self) -> None:
        """Its renewal was answered; the key stays until the next request.

        Should the new generation be spoiled, the one before asks for this key again. For another key it gets
        no certificate any more: to the authority that would be a second party (RFC 7030 §4.2.2).
        """
        self._settle()

    def bind_pending_key(self, secret_digest: str) -> None:
        """From now on the pending key is for this one-time secret; one that was for anything else is dropped.

        A new secret begins a new line, and what an old line left behind may be in a thief's hands.
        Raises StoreUnwritable.
        """
        if not self.pending_is_for(secret_digest):
            self._pending_key.unlink(missing_ok=True)
            self._keep_pending(self._pending_secret, secret_digest.encode())

    def pending_is_for(self, secret_digest: str) -> bool:
        """Whether the pending key was made for this one-time secret."""
        try:
            return self._pending_secret.read_text() == secret_digest
        except (OSError, ValueError):
            return False  # for none, or for one that cannot be read

    def _settle(self) -> None:
        self._pending_secret.unlink(missing_ok=True)
        self.after(Step.SETTLED)

    def _keep_pending(self, file: Path, content: bytes) -> None:
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            durable_files.replace(file, content, durable_files.PRIVATE)
        except OSError as error:
            raise StoreUnwritable(f"the key of the request could not be kept: {error}") from error

    def _new_directory(self, obtained_at: datetime) -> Path:
        self._generations.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The name sorts by time; the suffix keeps the traces of an attempt that died apart.
        name = obtained_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ-")
        return Path(tempfile.mkdtemp(prefix=name, dir=self._generations))

    def _write(
        self, directory: Path, private_key_pem: bytes, chain_pem: bytes, obtained_at: datetime
    ) -> None:
        try:
            record = record_of(certificates_from_pem(chain_pem), obtained_at)
        except MalformedInput as error:
            raise BrokenGeneration(f"no certificate to publish: {error}") from error
        self.after(Step.DIRECTORY_MADE)
        durable_files.write_new(directory / PRIVATE_KEY, private_key_pem, durable_files.PRIVATE)
        self.after(Step.KEY_WRITTEN)
        durable_files.write_new(directory / CERTIFICATE, chain_pem, durable_files.PUBLIC)
        self.after(Step.CERTIFICATE_WRITTEN)
        durable_files.write_new(directory / RECORD, record, durable_files.PUBLIC)
        durable_files.flush_directory(directory)
        durable_files.flush_directory(self._generations)
        self.after(Step.RECORD_WRITTEN)

    def _whole(self, before: str | None) -> Iterator[Generation]:
        """The whole generations older than that of an id, the latest first; all, without an id.

        One that is newer was never published: its writer died before, or will publish it.
        """
        if not self._generations.is_dir():
            return
        ids = [entry.name for entry in self._generations.iterdir() if before is None or entry.name < before]
        for each in sorted(ids, reverse=True):
            with suppress(BrokenGeneration):
                yield read_generation(self._generations / each)

    def _tidy(self, current_id: str) -> None:
        """Keep the last whole ones; what is broken, or was never finished, would only push those out."""
        earlier = [generation.id for generation in self._whole(before=current_id)]
        kept = {current_id, *earlier[: KEPT_GENERATIONS - 1]}
        for entry in self._generations.iterdir():
            if entry.name not in kept:
                shutil.rmtree(entry, ignore_errors=True)
