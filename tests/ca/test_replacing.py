"""The issuing authority is replaced under the same root: nobody needs another trust bundle."""

import base64
import io
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.ocsp import OCSPCertStatus
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from ca.authority.directory import AuthorityDirectory
from ca.authority.hierarchy import ISSUING_LIFETIME
from ca.register.configuration import authority_directory
from ca.register.models import serial_text
from ca.status import replacing
from ca.status.authorities import status_authorities
from ca.status.replacing import replace_issuing
from operations.certificates.stores import declared_stores
from operations.expiries.watch import trusted_authorities
from tests.ca.asking import Asker
from tests.ca.conftest import Admitted
from tests.ca.material import MovedClock, csr, encoded, issued, new_key, post
from tests.ca.running import command, environment, manage
from tests.trail import Trail

pytestmark = [pytest.mark.clause("RFC 5280 §4.2.1.1"), pytest.mark.usefixtures("scheme")]


def run(*arguments: object) -> str:
    output = io.StringIO()
    call_command(*map(str, arguments), stdout=output, stderr=output)
    return output.getvalue()


@pytest.fixture
def asker(client: Client) -> Asker:
    return Asker(client)


@pytest.fixture
def scheme(responders: None, settings: Settings, tmp_path: Path) -> Path:  # noqa: ARG001 - what it stands on
    """The authority of the tests in a copy of its own; returns the folder with its keys."""
    shutil.copytree(settings.KEYS_DIR, tmp_path / "keys")
    shutil.copy(settings.SENDER_CONSTRAINT["TRUST_BUNDLE"], tmp_path / "trust-bundle.pem")
    settings.KEYS_DIR = tmp_path / "keys"
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": tmp_path / "trust-bundle.pem"}
    return tmp_path / "keys" / "authority"


def current_serial() -> str:
    directory = authority_directory()
    return serial_text(directory.certificate(directory.current_issuing()))


@pytest.fixture
def renewed(client: Client, certificate: x509.Certificate) -> Callable[[], x509.Certificate]:
    def renew() -> x509.Certificate:
        return issued(post(client, "simplereenroll", encoded(csr(new_key())), certificate=certificate))

    return renew


def test_the_successor_issues_and_what_the_one_before_issued_still_holds(
    client: Client,
    certificate: x509.Certificate,
    renewed: Callable[[], x509.Certificate],
    settings: Settings,
    asker: Asker,
) -> None:
    run("publish_lists")
    old = authority_directory().certificate("issuing")
    said = run("replace_issuing", current_serial())
    assert said.startswith("issuing-2 issues from now on")
    new = authority_directory().certificate("issuing-2")
    assert (new.subject, new.issuer) == (old.subject, old.issuer)
    assert new.public_key() != old.public_key()

    leaf = renewed()
    leaf.verify_directly_issued_by(new)
    assert certificate.issuer == leaf.issuer
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert str(points[0].full_name[0].value).endswith("/issuing-2.crl")

    settings.ROOT_URLCONF = "ca.public_urls"
    root = authority_directory().certificate("root")
    assert asker.status(leaf, new) is OCSPCertStatus.GOOD
    assert asker.status(certificate, old) is OCSPCertStatus.GOOD
    assert asker.status(new, root) is OCSPCertStatus.GOOD
    assert asker.status(old, root) is OCSPCertStatus.GOOD
    # The same serial number means nothing under the other key (RFC 6960 §4.1.1).
    assert asker.status(certificate, new) is OCSPCertStatus.UNKNOWN
    for name, authority in (("issuing", old), ("issuing-2", new)):
        assert x509.load_der_x509_certificate(client.get(f"/{name}.der").content) == authority
        crl = x509.load_der_x509_crl(client.get(f"/{name}.crl").content)
        assert crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]  # EC
    assert client.get("/issuing-3.der").status_code == 404
    assert client.get("/issuing-02.crl").status_code == 404


@pytest.mark.clause("RFC 7030 §4.1.3")
def test_est_and_the_trust_bundle_have_both(client: Client, settings: Settings, clock: MovedClock) -> None:
    clock.move(seconds=1)
    run("replace_issuing", current_serial())
    expected = list(authority_directory().certificates())
    assert len(expected) == 3
    assert (
        x509.load_pem_x509_certificates(settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].read_bytes()) == expected
    )
    answer = client.get("/.well-known/est/cacerts").content
    assert set(pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer))) == set(expected)
    assert run_checks(tags=["ca"]) == []
    # Who is replaced may end without an alarm.
    levels = {each.phase: each.level(expected[1].not_valid_after_utc) for each in trusted_authorities()}
    assert levels["replaced"] is None


def test_repeating_it_is_harmless_and_it_takes_the_number_of_the_one_that_issues() -> None:
    first = current_serial()
    run("replace_issuing", first)
    assert "issuing-2 took its place before" in run("replace_issuing", f"{first[:2]}:{first[2:]}".upper())
    assert authority_directory().issuing_names() == ("issuing", "issuing-2")
    with pytest.raises(CommandError, match="no issuing authority"):
        run("replace_issuing", "1234")
    assert "issuing-3 issues from now on" in run("replace_issuing", current_serial())
    listed = run("replace_issuing").splitlines()
    assert [line.split()[0] for line in listed] == ["issuing", "issuing-2", "issuing-3"]
    assert [line.endswith(", issues") for line in listed] == [False, False, True]


def test_two_operators_at_once_make_one_successor(tmp_path: Path) -> None:
    state = tmp_path / "ca"
    manage(state, "prepare")
    serial = AuthorityDirectory(state / "keys").certificate("issuing").serial_number
    both = [
        subprocess.Popen(
            command("replace_issuing", f"{serial:x}"), env=environment(state), stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = sorted(process.communicate(timeout=60)[0].decode().split(":")[0] for process in both)
    assert said == ["issuing-2 issues from now on", "issuing-2 took its place before"]
    assert AuthorityDirectory(state / "keys").issuing_names() == ("issuing", "issuing-2")


STEPS = ["record_authorities", "_answer_for", "publish_bundle"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_it_goes_on_where_it_was(
    scheme: Path,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    when: str,
    renewed: Callable[[], x509.Certificate],
) -> None:
    serial = current_serial()
    old = authority_directory().certificate("issuing")
    work = getattr(replacing, step)

    def killed(*arguments: object) -> None:
        if when == "after":
            work(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(replacing, step, killed)
        with pytest.raises(KeyboardInterrupt):
            replace_issuing(serial, clock.now)
    # Until it is in charge, the one before issues.
    renewed().verify_directly_issued_by(old)
    waiting = authority_directory().certificate("issuing-2")
    (scheme / "root-private-key.pem").unlink()  # whoever goes on does not need it any more
    replacement = replace_issuing(serial, clock.now)
    assert (replacement.name, replacement.certificate, replacement.is_new) == ("issuing-2", waiting, True)


def test_with_the_roots_key_in_its_safe_the_command_says_where_it_belongs(scheme: Path) -> None:
    key = scheme / "root-private-key.pem"
    key.unlink()
    with pytest.raises(CommandError, match=f"Fetch it from its safe to {key}"):
        run("replace_issuing", current_serial())
    assert authority_directory().issuing_names() == ("issuing",)


def test_an_ended_authority_is_replaced_and_the_expired_renew_themselves(
    clock: MovedClock,
    client: Client,
    settings: Settings,
    certificate: x509.Certificate,
    partner: Admitted,  # noqa: ARG001 - whose certificate it is
) -> None:
    settings.ISSUING_AUTHORITY_LIFETIME_SECONDS = 3600
    run("replace_issuing", current_serial())
    short = issued(post(client, "simplereenroll", encoded(csr(new_key())), certificate=certificate))
    assert short.not_valid_after_utc == clock.now + timedelta(hours=1)
    clock.move(hours=2)
    settings.ISSUING_AUTHORITY_LIFETIME_SECONDS = int(ISSUING_LIFETIME.total_seconds())
    body = encoded(csr(new_key()))
    assert post(client, "simplereenroll", body, certificate=short).status_code == 503
    run("replace_issuing", current_serial())
    after = issued(post(client, "simplereenroll", body, certificate=short))
    after.verify_directly_issued_by(authority_directory().certificate("issuing-3"))


def test_a_lost_key_is_replaced_and_what_it_issued_is_answered_for(
    scheme: Path, certificate: x509.Certificate, asker: Asker, client: Client, settings: Settings
) -> None:
    old = authority_directory().certificate("issuing")
    (scheme / "issuing-private-key.pem").unlink()
    body = encoded(csr(new_key()))
    assert post(client, "simplereenroll", body, certificate=certificate).status_code == 503
    run("replace_issuing", current_serial())
    issued(post(client, "simplereenroll", body, certificate=certificate))
    settings.ROOT_URLCONF = "ca.public_urls"
    # By the responder to whom it delegated that while it had its key.
    assert asker.status(certificate, old) is OCSPCertStatus.GOOD
    run("revoke", serial_text(certificate))
    assert asker.status(certificate, old) is OCSPCertStatus.REVOKED


def test_revoking_the_one_before_leaves_the_successor_alone(
    certificate: x509.Certificate, asker: Asker, settings: Settings, trail: Trail
) -> None:
    serial = current_serial()
    old, root = (authority_directory().certificate(name) for name in ("issuing", "root"))
    said = run("replace_issuing", serial, "--revoke", "cACompromise")
    assert f"Revoked {serial}" in said
    assert trail.last()["event"] == "operator.revoke"
    settings.ROOT_URLCONF = "ca.public_urls"
    assert asker.status(old, root) is OCSPCertStatus.REVOKED
    assert asker.status(authority_directory().certificate("issuing-2"), root) is OCSPCertStatus.GOOD
    assert asker.status(certificate, old) is OCSPCertStatus.GOOD
    with pytest.raises(CommandError, match="not supported"):
        run("replace_issuing", serial, "--revoke", "boredom")


def test_a_replaced_authority_is_kept_up_until_the_last_that_it_issued_has_ended(
    certificate: x509.Certificate, clock: MovedClock
) -> None:
    run("replace_issuing", current_serial())
    assert {"ocsp-issuing", "ocsp-issuing-2", "ocsp-root"} <= set(declared_stores())
    clock.now = certificate.not_valid_after_utc + timedelta(seconds=1)
    assert "ocsp-issuing" not in declared_stores()
    assert "server" in declared_stores()
    assert [each.name for each in status_authorities()] == ["issuing-2", "root"]
