"""A store of generations gives whole ones, or says why not."""

import base64
import errno
import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration, StoreUnwritable
from sender_constraint.certificates.generations import KEPT_GENERATIONS, GenerationStore
from sender_constraint.certificates.tls import client_context
from tests.sender_constraint.authority import Authority, pem


def test_what_was_published_is_read_back(authority: Authority, store: GenerationStore) -> None:
    key = new_private_key()
    certificate = authority.issue(key)
    obtained_at = datetime.now(UTC)

    published = store.publish(private_key_pem(key), pem(certificate, authority.issuing), obtained_at)

    assert store.current() == published
    assert published.certificate == certificate
    assert published.chain == (certificate, authority.issuing)
    assert published.obtained_at == obtained_at
    assert published.not_after == certificate.not_valid_after_utc
    assert store.current_id() == published.id


def test_it_lies_on_disk_as_agreed(authority: Authority, store: GenerationStore) -> None:
    generation = authority.publish(store)

    assert (store.path / "current").readlink() == Path("generations") / generation.id
    assert stat.S_IMODE(generation.private_key_path.stat().st_mode) == 0o600
    assert sorted(path.name for path in generation.directory.iterdir()) == [
        "certificate.pem",
        "generation.json",
        "private-key.pem",
    ]


def test_python_can_call_with_it(authority: Authority, store: GenerationStore) -> None:
    client_context(authority.trust_bundle, authority.publish(store))


def test_an_empty_store_says_so(store: GenerationStore) -> None:
    assert store.current_id() is None
    with pytest.raises(NoGeneration, match="enrol"):
        store.current()


def test_a_key_of_another_certificate_is_not_published(authority: Authority, store: GenerationStore) -> None:
    before = authority.publish(store)
    chain = pem(authority.issue(new_private_key()), authority.issuing)

    with pytest.raises(BrokenGeneration, match="not the key"):
        store.publish(private_key_pem(new_private_key()), chain, datetime.now(UTC))

    assert store.current() == before
    assert len(list((store.path / "generations").iterdir())) == 1


def test_a_chain_whose_links_do_not_hold_is_not_published(
    authority: Authority, store: GenerationStore, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other")  # of the same name, with another key
    key = new_private_key()

    with pytest.raises(BrokenGeneration, match="did not issue"):
        store.publish(private_key_pem(key), pem(authority.issue(key), stranger.issuing), datetime.now(UTC))

    assert store.current_id() is None


def test_something_that_is_no_certificate_is_not_published(store: GenerationStore) -> None:
    with pytest.raises(BrokenGeneration, match="no certificate"):
        store.publish(private_key_pem(new_private_key()), b"nothing", datetime.now(UTC))


@pytest.mark.parametrize("name", ["private-key.pem", "certificate.pem", "generation.json"])
@pytest.mark.parametrize("kept_bytes", [None, 0, 40])
def test_a_half_written_generation_is_refused(
    authority: Authority, store: GenerationStore, name: str, kept_bytes: int | None
) -> None:
    file = authority.publish(store).directory / name
    if kept_bytes is None:
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:kept_bytes])

    with pytest.raises(BrokenGeneration, match="not a whole generation"):
        store.current()


def test_a_key_of_an_unknown_kind_is_no_whole_generation(
    authority: Authority, store: GenerationStore
) -> None:
    file = authority.publish(store).private_key_path
    # PKCS#8, RFC 5958 §2, of an algorithm that nobody has defined.
    unknown = base64.encodebytes(bytes.fromhex("300e020100300506032a030404020400"))
    file.write_bytes(b"-----BEGIN PRIVATE KEY-----\n" + unknown + b"-----END PRIVATE KEY-----\n")

    with pytest.raises(BrokenGeneration, match="not a whole generation: Unknown key type"):
        store.current()


def test_a_certificate_of_an_unknown_kind_is_no_whole_generation(
    authority: Authority, store: GenerationStore
) -> None:
    file = authority.publish(store).certificate_path
    der = ssl.PEM_cert_to_DER_cert(file.read_text().partition("-----END")[0] + "-----END CERTIFICATE-----\n")
    known, unknown = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0209")
    file.write_text(ssl.DER_cert_to_PEM_cert(der.replace(known, unknown, 1)))

    with pytest.raises(BrokenGeneration, match="not a whole generation: the public key: Unknown key type"):
        store.current()


def test_a_certificate_that_was_exchanged_is_refused(authority: Authority, store: GenerationStore) -> None:
    generation = authority.publish(store)
    generation.certificate_path.write_bytes(pem(authority.issue(new_private_key()), authority.issuing))

    with pytest.raises(BrokenGeneration, match="records"):
        store.current()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(
    authority: Authority, store: GenerationStore, mode: int
) -> None:
    authority.publish(store).private_key_path.chmod(mode)

    with pytest.raises(BrokenGeneration, match=f"mode {mode:04o}.*chmod 600"):
        store.current()


def test_a_key_of_another_user_is_refused(
    authority: Authority, store: GenerationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.publish(store)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)

    with pytest.raises(BrokenGeneration, match="belongs to user"):
        store.current()


def test_the_last_few_generations_are_kept(authority: Authority, store: GenerationStore) -> None:
    published = [authority.publish(store) for _ in range(KEPT_GENERATIONS + 2)]

    left = sorted(path.name for path in (store.path / "generations").iterdir())

    assert left == [generation.id for generation in published[-KEPT_GENERATIONS:]]


@pytest.mark.parametrize("step", [2, 3, 4])
def test_a_full_disk_gets_back_what_was_written_of_a_new_one(
    authority: Authority, store: GenerationStore, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    before = authority.publish(store)
    left = step

    def full(descriptor: int) -> None:  # noqa: ARG001 - as os.fsync
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    key = new_private_key()
    chain = pem(authority.issue(key), authority.issuing)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreUnwritable, match="No space left"):
            store.publish(private_key_pem(key), chain, datetime.now(UTC))

    assert store.current() == before
    assert [entry.name for entry in (store.path / "generations").iterdir()] == [before.id]


def test_what_was_never_finished_pushes_no_good_one_out(authority: Authority, store: GenerationStore) -> None:
    good = authority.publish(store)
    for number in range(2 * KEPT_GENERATIONS):
        (store.path / "generations" / f"29990101T00000{number}.000000Z-half").mkdir()
    broken = authority.publish(store)

    assert sorted(entry.name for entry in (store.path / "generations").iterdir()) == [good.id, broken.id]
    broken.private_key_path.unlink()
    assert store.last_good() == good


def test_a_reader_whose_generation_is_tidied_away_gets_the_next(
    authority: Authority, store: GenerationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = authority.publish(store)
    latest = [authority.publish(store) for _ in range(KEPT_GENERATIONS)][-1]
    ids = iter([first.id, latest.id, latest.id])
    monkeypatch.setattr(store, "current_id", lambda: next(ids))

    assert store.current() == latest


def test_a_lock_is_held_by_one(store: GenerationStore) -> None:
    with store.exclusive() as first, GenerationStore(store.path).exclusive() as second:
        assert (first, second) == (True, False)
    with store.exclusive() as again:
        assert again


def test_it_is_valid_through_its_last_second(authority: Authority, store: GenerationStore) -> None:
    generation = authority.publish(store)

    assert not generation.is_expired(generation.not_after)
    assert generation.is_expired(generation.not_after + timedelta(microseconds=1))
