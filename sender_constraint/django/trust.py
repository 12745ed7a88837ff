"""The trust anchors of a Django service: the file ``TRUST_BUNDLE``, read again when it changes."""

import threading
from functools import cache
from pathlib import Path

from sender_constraint.core.trust_anchors import TrustAnchors
from sender_constraint.django.conf import library_settings


class NoTrustAnchors(Exception):
    """The trust bundle is missing, unreadable or malformed: nobody can be authenticated."""


class TrustBundle:
    """A PEM file of certificate authorities. The memory of verified chains lasts as long as its content."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], TrustAnchors] | None = None

    def anchors(self) -> TrustAnchors:
        """The anchors in the file. Raises NoTrustAnchors; what was read before is not used in its place."""
        with self._lock:
            try:
                status = self._path.stat()
                version = (status.st_ino, status.st_mtime_ns, status.st_size)
                if self._read is None or self._read[0] != version:
                    self._read = (version, TrustAnchors.from_pem(self._path.read_bytes()))
            except (OSError, ValueError) as error:
                raise NoTrustAnchors(f"{self._path}: {error}") from error
            return self._read[1]


def trust_anchors() -> TrustAnchors:
    """The anchors of this service. Raises NoTrustAnchors."""
    return _bundle(library_settings().trust_bundle).anchors()


@cache
def _bundle(path: Path) -> TrustBundle:
    return TrustBundle(path)
