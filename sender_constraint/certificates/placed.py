"""Certificates that something else puts in place: a pair of files, taken into a store whenever it changes.

Whoever renews them (an operator, an agent of the platform) replaces the files; nothing here asks anybody for
a certificate. What is taken in is checked as any generation is: a pair that is half replaced does not belong
together, is not published, and is looked at again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from sender_constraint.certificates.durable_files import read_private
from sender_constraint.certificates.errors import (
    BrokenGeneration,
    NoGeneration,
    PlacedUnusable,
    StoreUnwritable,
)
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.rotation import Action, RenewalOutcome
from sender_constraint.core.clock import Clock, utc_now


@dataclass(frozen=True, slots=True)
class PlacedFiles:
    """Where they are. certificate: PEM, then its issuing authorities. private_key: PEM, not encrypted."""

    certificate: Path
    private_key: Path

    def read(self) -> tuple[bytes, bytes]:
        """The key as PKCS#8 and the chain as it is, PEM. Raises PlacedUnusable."""
        try:
            key = serialization.load_pem_private_key(self.private_key.read_bytes(), password=None)
            pkcs8 = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            return pkcs8, self.certificate.read_bytes()
        except OSError as error:
            raise PlacedUnusable(str(error)) from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise PlacedUnusable(f"{self.private_key}: {error}") from error


def ensure_placed(store: GenerationStore, files: PlacedFiles, clock: Clock = utc_now) -> RenewalOutcome:
    """Take in what was placed, if it is not the current generation already.

    Never raises: what could not be done is in the outcome, and the next look tries again.
    """
    serving = _serving(store)
    try:
        key, chain = files.read()
        if serving is not None and serving.id == store.current_id() and _holds(serving, key, chain):
            return RenewalOutcome(Action.NOT_DUE, serving)
        with store.exclusive() as alone:
            if not alone:
                return RenewalOutcome(Action.BUSY, serving)
            generation = store.publish(key, chain, clock())
    except (PlacedUnusable, BrokenGeneration, StoreUnwritable) as error:
        return RenewalOutcome(Action.FAILED, serving, error=error)
    action = Action.RENEWED if serving else Action.ENROLLED
    return RenewalOutcome(action, generation, previous_id=serving.id if serving else None)


def keep_placed(
    store: GenerationStore, files: PlacedFiles, pause: Callable[[], None], told: Callable[[str], None]
) -> None:
    """Look again and again, for as long as the process serves. told: hears what is wrong, once for each."""
    problem = None
    while True:
        outcome = ensure_placed(store, files)
        news = str(outcome.error) if outcome.error else None
        if news is not None and news != problem:
            told(news)
        problem = news
        pause()


def _serving(store: GenerationStore) -> Generation | None:
    try:
        return store.last_good()
    except (NoGeneration, BrokenGeneration):
        return None


def _holds(generation: Generation, key: bytes, chain: bytes) -> bool:
    try:
        return (
            read_private(generation.private_key_path) == key
            and generation.certificate_path.read_bytes() == chain
        )
    except OSError:
        return False
