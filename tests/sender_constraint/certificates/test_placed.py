"""Certificates that something else puts in place are taken in when they change, if they are whole."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.errors import BrokenGeneration, PlacedUnusable
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.placed import PlacedFiles, ensure_placed, keep_placed
from sender_constraint.certificates.rotation import Action
from tests.sender_constraint.authority import Authority, pem


class Ended(Exception):
    """The test has seen enough."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def files(tmp_path: Path) -> PlacedFiles:
    return PlacedFiles(tmp_path / "tls.crt", tmp_path / "tls.key")


@pytest.fixture
def store(tmp_path: Path) -> GenerationStore:
    return GenerationStore(tmp_path / "store")


def place(authority: Authority, files: PlacedFiles) -> None:
    key = new_private_key()
    files.private_key.write_bytes(private_key_pem(key))
    files.certificate.write_bytes(pem(authority.issue(key), authority.issuing))


def test_what_is_placed_becomes_the_current_generation_and_the_next_one_its_successor(
    authority: Authority, files: PlacedFiles, store: GenerationStore
) -> None:
    place(authority, files)
    first = ensure_placed(store, files)
    assert first.action is Action.ENROLLED
    assert ensure_placed(store, files).action is Action.NOT_DUE
    place(authority, files)
    second = ensure_placed(store, files)
    assert (second.action, second.previous_id) == (Action.RENEWED, first.generation and first.generation.id)
    assert store.current().certificate_path.read_bytes() == files.certificate.read_bytes()
    assert store.current().private_key_path.stat().st_mode & 0o777 == 0o600


def test_a_pair_that_is_half_replaced_is_not_taken_and_the_old_one_serves(
    authority: Authority, files: PlacedFiles, store: GenerationStore
) -> None:
    place(authority, files)
    first = ensure_placed(store, files).generation
    files.private_key.write_bytes(private_key_pem(new_private_key()))
    half = ensure_placed(store, files)
    assert half.action is Action.FAILED
    assert isinstance(half.error, BrokenGeneration)
    assert half.generation == first == store.current()
    place(authority, files)
    assert ensure_placed(store, files).action is Action.RENEWED


def test_files_that_are_missing_or_no_keys_are_named(files: PlacedFiles, store: GenerationStore) -> None:
    missing = ensure_placed(store, files)
    assert (missing.action, missing.generation) == (Action.FAILED, None)
    assert isinstance(missing.error, PlacedUnusable)
    assert "tls.key" in str(missing.error)
    files.private_key.write_text("no key")
    assert "tls.key" in str(ensure_placed(store, files).error)


def test_a_key_in_its_traditional_form_is_taken_too(
    authority: Authority, files: PlacedFiles, store: GenerationStore
) -> None:
    key = new_private_key()
    sec1 = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    files.private_key.write_bytes(sec1)
    files.certificate.write_bytes(pem(authority.issue(key), authority.issuing))
    assert ensure_placed(store, files).action is Action.ENROLLED
    assert ensure_placed(store, files).action is Action.NOT_DUE


def test_a_broken_current_generation_is_replaced_by_what_is_placed(
    authority: Authority, files: PlacedFiles, store: GenerationStore
) -> None:
    place(authority, files)
    ensure_placed(store, files)
    store.current().certificate_path.write_text("broken")
    assert ensure_placed(store, files, lambda: datetime.now(UTC)).action is Action.ENROLLED
    assert store.current().certificate_path.read_bytes() == files.certificate.read_bytes()


def test_a_process_that_serves_looks_again_and_again_and_says_each_trouble_once(
    authority: Authority, files: PlacedFiles, store: GenerationStore
) -> None:
    told: list[str] = []
    looks = iter((lambda: None, lambda: place(authority, files), lambda: None))

    def pause() -> None:
        look = next(looks, None)
        if look is None:
            raise Ended
        look()

    with pytest.raises(Ended):
        keep_placed(store, files, pause, told.append)
    assert len(told) == 1
    assert store.current().certificate_path.read_bytes() == files.certificate.read_bytes()
