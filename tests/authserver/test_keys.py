"""The signing keys: how they are kept, published and turned."""

import multiprocessing
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from authserver.keys.signing_keys import signing_key
from authserver.keys.store import NoSigningKey, SigningKeyStore
from sender_constraint.certificates import durable_files
from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.core.thumbprints import jwk_thumbprint
from tests.authserver.caller import Caller, Verdict


def add_key(directory: Path) -> str:
    key = signing_key(new_private_key())
    durable_files.write_new(directory / f"{key.kid}.pem", private_key_pem(key.private_key), 0o600)
    return key.kid


def test_a_key_is_born_once_and_for_its_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    first, second = SigningKeyStore(directory).ensure(), SigningKeyStore(directory).ensure()
    assert first.kid == second.kid
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in directory.glob("*.pem")] == [0o600]


def _ensure(directory: str, kids: Any) -> None:
    kids.put(SigningKeyStore(Path(directory)).ensure().kid)


def test_two_processes_at_once_get_the_same_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    kids = context.Queue()
    processes = [context.Process(target=_ensure, args=(str(tmp_path / "keys"), kids)) for _ in range(3)]
    for process in processes:
        process.start()
    born = {kids.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert len(born) == 1


@pytest.mark.clause("RFC 7517 §5")
def test_the_key_set_holds_public_members_only() -> None:
    response = Client().get("/jwks")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    (key,) = response.json()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
    assert len(key["x"]) == len(key["y"]) == 43


@pytest.mark.clause("RFC 7638 §3")
def test_the_key_identifier_is_the_keys_thumbprint() -> None:
    (key,) = Client().get("/jwks").json()["keys"]
    assert key["kid"] == jwk_thumbprint({name: key[name] for name in ("kty", "crv", "x", "y")})


@pytest.mark.clause("RFC 7518 §6.2.1.2")
def test_a_coordinate_with_leading_zeros_keeps_its_length() -> None:
    # The smallest private value whose public x begins with a zero octet.
    small = next(
        key
        for key in (ec.derive_private_key(value, ec.SECP256R1()) for value in range(1, 5000))
        if key.public_key().public_numbers().x < 1 << 248
    )
    assert len(signing_key(small).public_jwk()["x"]) == 43


def test_a_key_may_be_published_before_it_signs_and_after(tmp_path: Path) -> None:
    store = SigningKeyStore(tmp_path)
    first = store.ensure().kid
    second = add_key(tmp_path)
    ring = store.load()
    assert ring.signing.kid == first
    assert {key["kid"] for key in ring.public_jwks()["keys"]} == {first, second}
    durable_files.point(tmp_path / "signing", f"{second}.pem")
    ring = store.load()
    assert ring.signing.kid == second
    assert {key["kid"] for key in ring.public_jwks()["keys"]} == {first, second}


@pytest.mark.parametrize("harm", ["missing", "too open", "broken", "another curve", "unpublished"])
def test_a_store_without_a_usable_key_says_so(tmp_path: Path, harm: str) -> None:
    store = SigningKeyStore(tmp_path / "keys")
    file = tmp_path / "keys" / f"{store.ensure().kid}.pem"
    if harm == "missing":
        (tmp_path / "keys" / "signing").unlink()
    elif harm == "too open":
        file.chmod(0o644)
    elif harm == "broken":
        file.write_text("-----BEGIN PRIVATE KEY-----\n")
    elif harm == "another curve":
        file.write_bytes(private_key_pem(ec.generate_private_key(ec.SECP384R1())))
    else:
        file.rename(tmp_path / "elsewhere")
        durable_files.point(tmp_path / "keys" / "signing", "../elsewhere")
    with pytest.raises(NoSigningKey):
        SigningKeyStore(tmp_path / "keys").load()


def test_without_a_key_the_token_endpoint_is_unavailable(
    partner: Caller, verdict: Verdict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verdict.accepted(partner.asks())
    monkeypatch.setattr(
        "authserver.tokens.views.signing_key_store", lambda: SigningKeyStore(tmp_path / "none")
    )
    verdict.refused(partner.asks(), 503, "temporarily_unavailable", "service.signing-key")


def test_a_key_that_is_removed_while_the_keys_are_read_fails_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SigningKeyStore(tmp_path / "keys")
    signing = store.ensure()
    retiring = store.publish_new()
    read = durable_files.read_private

    def read_late(file: Path) -> bytes:
        store.remove(retiring)
        return read(file)

    monkeypatch.setattr(durable_files, "read_private", read_late)
    assert [key.kid for key in store.load().published] == [signing.kid]
