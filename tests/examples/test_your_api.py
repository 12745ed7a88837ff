"""An API that existed before, and the diff that puts the library in front of it: over real TLS."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sender_constraint.certificates.placed import PlacedFiles
from tests.examples.installed import Installed
from tests.examples.orders import (
    DIFF,
    RESOURCE,
    SERVE,
    Orders,
    credentials_of,
    prepared,
    served,
    thumbprint_of,
)
from tests.examples.proofs import JKT, proof_of
from tests.foreign.authorization_server import ForeignServer, placed
from tests.redis_server import running_redis
from tests.sender_constraint.responder import Responder
from tests.waiting import eventually
from workshop.environment.ports import free_port
from workshop.wire import NO_CREDENTIALS

LONGEST_DIFF = 20


@pytest.fixture(scope="module")
def before(
    tmp_path_factory: pytest.TempPathFactory,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
) -> Iterator[Orders]:
    with served(tmp_path_factory.mktemp("before"), issuer, responder, installed, patched=False) as running:
        yield running


@pytest.fixture(scope="module")
def after(
    tmp_path_factory: pytest.TempPathFactory,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
) -> Iterator[Orders]:
    with served(tmp_path_factory.mktemp("after"), issuer, responder, installed, patched=True) as running:
        yield running


def test_the_diff_has_at_most_twenty_lines() -> None:
    lines = [line for line in DIFF.read_text().splitlines() if not line.startswith(("+++", "---"))]
    changed = [line for line in lines if line.startswith(("+", "-"))]
    assert 0 < len(changed) <= LONGEST_DIFF


def test_before_it_a_stolen_token_works(before: Orders, token: str) -> None:
    stolen = before.get(token)
    assert (stolen.status, stolen.json()) == (200, {"orders": ["order-1", "order-2"]})


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_the_partner_calls_on_as_before(after: Orders, token: str, partner: PlacedFiles) -> None:
    answer = after.get(token, credentials_of(partner))
    assert (answer.status, answer.json()) == (200, {"orders": ["order-1", "order-2"]})


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_a_stolen_token_is_refused_for_its_reason(
    after: Orders, token: str, thief: PlacedFiles
) -> None:
    for credentials, rule in (
        (NO_CREDENTIALS, "binding.certificate-missing"),
        (credentials_of(thief), "binding.certificate"),
    ):
        refused = after.get(token, credentials)
        assert (refused.status, refused.error) == (401, "invalid_token")
        assert refused.headers["www-authenticate"].startswith('Bearer realm="https://orders.example"')
        assert after.recorded(refused)["rule"] == rule


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_an_unbound_token_is_refused(
    after: Orders, issuer: ForeignServer, partner: PlacedFiles
) -> None:
    refused = after.get(issuer.token(None), credentials_of(partner))
    assert (refused.status, refused.error) == (401, "invalid_token")
    assert after.recorded(refused)["rule"] == "binding.unbound"


@pytest.mark.clause("RFC 6750 §3.1")
def test_after_it_the_scope_of_a_view_is_demanded_still(
    after: Orders, issuer: ForeignServer, partner: PlacedFiles
) -> None:
    other = issuer.token(thumbprint_of(partner), scope="something else")
    refused = after.get(other, credentials_of(partner))
    assert (refused.status, refused.error) == (403, "insufficient_scope")


def test_after_it_the_api_answers_its_own_errors_as_before(
    after: Orders, token: str, partner: PlacedFiles
) -> None:
    posted = after.get(token, credentials_of(partner), "POST")
    assert (posted.status, posted.json()) == (405, {"detail": 'Method "POST" not allowed.'})


def test_a_certificate_that_is_put_in_place_is_served_without_a_restart(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed
) -> None:
    with served(tmp_path, issuer, responder, installed, patched=True) as orders:
        generations = orders.code / "var" / "certificates" / "server" / "generations"
        assert len(list(generations.iterdir())) == 1
        placed(issuer.authority, tmp_path, "orders-server", server=True)
        eventually(lambda: len(list(generations.iterdir())) == 2, "no new generation")
        assert orders.get(None).status == 401


@pytest.mark.clause("RFC 9449 §7.1")
def test_after_it_dpop_bound_tokens_count_with_their_proof_once(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed, partner: PlacedFiles
) -> None:
    token, htu = issuer.token(None, jkt=JKT), f"{RESOURCE}/orders"
    bound = issuer.token(thumbprint_of(partner))
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with ExitStack() as redis:
        redis.enter_context(running_redis(port, tmp_path))
        with served(tmp_path, issuer, responder, installed, patched=True, redis_url=url) as orders:
            # Redis has just started, and may have lost what it held: the API asks for its nonce first.
            asked = orders.proven(token, proof_of(htu, token))
            assert (asked.status, asked.error) == (401, "use_dpop_nonce")
            assert orders.recorded(asked)["rule"] == "dpop.use-unknown"
            proof = proof_of(htu, token, nonce=asked.headers["dpop-nonce"])
            assert orders.proven(token, proof).status == 200
            for presented, rule in ((proof, "dpop.replayed"), (None, "dpop.missing")):
                refused = orders.proven(token, presented)
                assert (refused.status, refused.error) == (401, "invalid_dpop_proof")
                assert orders.recorded(refused)["rule"] == rule
            downgraded = orders.get(token)
            assert orders.recorded(downgraded)["rule"] == "binding.dpop-token-as-bearer"
            # Without its memory nothing is said about a proof; calls that need none are served.
            redis.close()
            assert orders.proven(token, proof_of(htu, token)).status == 503
            assert orders.get(bound, credentials_of(partner)).status == 200
            # So they are by a worker that takes another's place meanwhile.
            (worker,) = _workers_of(orders)
            os.kill(worker, signal.SIGKILL)
            eventually(lambda: len(_workers_of(orders)) > 1, orders.log.read_text)
            eventually(lambda: orders.get(bound, credentials_of(partner)).status == 200, orders.log.read_text)
            eventually(lambda: "sender_constraint.W005" in orders.log.read_text(), orders.log.read_text)


@pytest.mark.clause("RFC 9449 §11.1")
def test_an_api_without_replay_memory_refuses_dpop_bound_tokens_and_asks_for_none(
    after: Orders, issuer: ForeignServer
) -> None:
    token = issuer.token(None, jkt=JKT)
    refused = after.proven(token, proof_of(f"{RESOURCE}/orders", token))
    assert (refused.status, refused.error) == (401, "invalid_token")
    assert after.recorded(refused)["rule"] == "dpop.accepted"
    assert "DPoP" not in refused.headers["www-authenticate"].replace("DPoP-bound", "")


@pytest.mark.clause("RFC 7662 §2")
def test_an_opaque_token_is_told_from_a_malformed_one(after: Orders) -> None:
    for token, rule in (
        ("2YotnFZFEjr1zCsicMWpAA", "token.introspection-configured"),
        ("not.a.jwt", "token.header"),
    ):
        refused = after.get(token)
        assert (refused.status, refused.error) == (401, "invalid_token")
        assert after.recorded(refused)["rule"] == rule


@pytest.mark.clause("RFC 9728 §3.2")
@pytest.mark.clause("RFC 9728 §5.1")
def test_the_metadata_is_where_the_challenge_says(after: Orders, issuer: ForeignServer) -> None:
    challenge = after.get(None).headers["www-authenticate"]
    said = re.search(r'resource_metadata="https://orders\.example([^"]*)"', challenge)
    assert said is not None
    answer = after.call("GET", said[1])
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "resource": RESOURCE,
        "resource_name": "orders",
        "authorization_servers": [issuer.issuer],
        "scopes_supported": ["orders"],
        "bearer_methods_supported": ["header"],
        "tls_client_certificate_bound_access_tokens": True,
    }
    assert after.call("POST", said[1]).status == 405


def test_a_refusal_is_explained_by_the_api_s_own_manage_py(
    after: Orders, token: str, installed: Installed
) -> None:
    refused = after.get(token)
    explain = ("manage.py", "explain", refused.correlation_id, "--log", str(after.log))
    told = installed.run(*explain, cwd=after.code, env=after.environment)
    assert "binding.certificate-missing" in told.stdout
    assert "RFC 8705" in told.stdout


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"REDIS_URL": ""}, "sender_constraint.E021"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "sender_constraint.E022"),
        ({"SERVER_CERTIFICATE_FILE": "no-file.pem"}, "sender_constraint.E023"),
    ],
)
def test_what_would_fail_at_run_time_is_refused_at_start(
    tmp_path: Path,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
    changes: dict[str, str],
    check: str,
) -> None:
    orders = prepared(tmp_path, issuer, responder)
    assert "no issues" in _checked(orders, installed, {})
    assert check in _checked(orders, installed, changes)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("INTROSPECTION_CLIENT_ID", "orders", "(sender_constraint.E026)"),
        ("TRUST_BUNDEL", "/etc/bundle.pem", "(sender_constraint.E028) SENDER_CONSTRAINT has no key"),
        ("TRUST_BUNDEL", "/etc/bundle.pem", "Did you mean TRUST_BUNDLE?"),
        ("REVOCATION_SECONDS", "5", "is '5', and must be a whole number."),
        ("DPOP_NONCE_REQUIRED", "false", "is 'false', and must be True or False."),
        ("ISSUER_ALGORITHMS", "RS256", "is 'RS256', and must be a list of texts."),
        ("SERVER_CERTIFICATE_FILE", 1, "is 1, and must be a path, or None."),
        ("ACCEPT_FOREIGN_CERTIFICATES", "all", "must be True, False or 'self-signed'."),
    ],
)
def test_a_key_of_the_setting_that_cannot_be_used_is_refused_at_start(
    tmp_path: Path,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
    key: str,
    value: object,
    told: str,
) -> None:
    orders = prepared(tmp_path, issuer, responder)
    assert "no issues" in _checked(orders, installed, {})
    orders.set(**{key: value})
    assert told in _checked(orders, installed, {})


@pytest.mark.clause("RFC 8446 §4.4.2")
def test_a_server_certificate_without_its_intermediates_is_refused_at_start(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed
) -> None:
    orders = prepared(tmp_path, issuer, responder)
    assert "no issues" in _checked(orders, installed, {})
    certificate = Path(orders.environment["SERVER_CERTIFICATE_FILE"])
    leaf, intermediate = x509.load_pem_x509_certificates(certificate.read_bytes())
    certificate.write_bytes(leaf.public_bytes(Encoding.PEM))
    told = _checked(orders, installed, {})
    assert "sender_constraint.E024" in told
    assert intermediate.subject.rfc4514_string() in told


def test_an_api_that_does_not_serve_its_metadata_is_refused_at_start(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed
) -> None:
    orders = prepared(tmp_path, issuer, responder)
    settings = orders.code / "orders" / "settings.py"
    lines = [line for line in settings.read_text().splitlines() if "SenderConstraintMiddleware" not in line]
    settings.write_text("\n".join(lines))
    assert "sender_constraint.E025" in _checked(orders, installed, {})


def test_gunicorn_does_not_serve_what_a_check_refuses(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed
) -> None:
    orders = prepared(tmp_path, issuer, responder, redis_url="")
    ended = subprocess.run(
        [installed.python, *SERVE],
        cwd=orders.code,
        env=orders.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "sender_constraint.E021" in ended.stdout + ended.stderr


def _checked(orders: Orders, installed: Installed, changes: dict[str, str]) -> str:
    """What ``manage.py check`` prints with these settings changed."""
    ended = subprocess.run(
        [installed.python, "manage.py", "check", "--tag", "sender_constraint"],
        cwd=orders.code,
        env={**orders.environment, **changes},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode == 0) == ("no issues" in ended.stdout)
    return ended.stdout + ended.stderr


def _workers_of(orders: Orders) -> list[int]:
    """The processes of gunicorn's workers, those that have ended too, by what its log says of them."""
    return [int(each) for each in re.findall(r"Booting worker with pid: (\d+)", orders.log.read_text())]
