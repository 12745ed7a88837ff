"""Whether response times reveal which clients are registered: known and unknown clients, alternating.

    .venv/bin/python -m tests.benchmarks.registered_clients

For each way to authenticate, a caller that is not the client asks for a token as a client that is registered,
and as one that is not, over one connection. Printed are the medians, and their difference. Exit status 1 if a
difference is above 0.1 ms, of so many calls that the noise of a quiet machine is below that.
"""

import argparse
import base64
import http.client
import json
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authserver.client_authentication.assertions import ASSERTION_TYPE
from sender_constraint.jose import jws
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.own_clients import JWT_CLIENT, SELF_SIGNED_CLIENT, _self_signed
from workshop.environment.ports import Ports

CALLS = 3000
LARGEST_DIFFERENCE_MS = 0.1
WARM_UP = 100
UNKNOWN = "not-registered-1"

# From a client_id to the form of a token request.
Form = Callable[[str], dict[str, str]]


def main() -> int:
    """Measure each way in an environment of its own. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="registered_clients", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="of each of the two; default: %(default)s")
    calls = parser.parse_args().calls
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with Environment(root / "environment", ports=Ports.free(), lifetime_seconds=86400) as environment:
            differences = [
                _compared(environment.deployment, *way, calls) for way in _ways(environment.deployment, root)
            ]
    return 0 if max(map(abs, differences)) <= LARGEST_DIFFERENCE_MS else 1


def _ways(deployment: Deployment, folder: Path) -> Iterator[tuple[str, str, tuple[Path, Path] | None, Form]]:
    """Each: its name, the client that is registered, the caller's certificate and key, and its form."""
    other = deployment.certificate_store("other_partner") / "current"
    of_the_scheme = other / "certificate.pem", other / "private-key.pem"
    own = _self_made(folder)
    jwk = json.loads((deployment.states["own_client"] / f"{JWT_CLIENT}.jwk.json").read_text())
    yield "tls_client_auth, another's certificate", "partner", of_the_scheme, _by_certificate
    yield "tls_client_auth, a self-made certificate", "partner", own, _by_certificate
    yield "self_signed_tls_client_auth, of the scheme", SELF_SIGNED_CLIENT, of_the_scheme, _by_certificate
    yield "self_signed_tls_client_auth, self-made", SELF_SIGNED_CLIENT, own, _by_certificate
    yield "private_key_jwt, by its certificate alone", JWT_CLIENT, of_the_scheme, _by_certificate
    yield "private_key_jwt, another key, no kid", JWT_CLIENT, None, _asserting(deployment.issuer, None)
    yield "private_key_jwt, another key, its kid", JWT_CLIENT, None, _asserting(deployment.issuer, jwk["kid"])
    yield "private_key_jwt, another key, other kid", JWT_CLIENT, None, _asserting(deployment.issuer, "key-1")
    yield "tls_client_auth, an assertion", "partner", None, _asserting(deployment.issuer, None)


def _by_certificate(client_id: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": client_id}


def _asserting(issuer: str, kid: str | None) -> Form:
    key = ec.generate_private_key(ec.SECP256R1())
    header = {"alg": "ES256", "typ": "JWT"} | ({} if kid is None else {"kid": kid})

    def form(client_id: str) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": issuer,
            "jti": base64.urlsafe_b64encode(time.time_ns().to_bytes(12, "big")).decode(),
            "iat": now,
            "exp": now + 60,
        }
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jws.sign(header, claims, key),
        }

    return form


def _self_made(folder: Path) -> tuple[Path, Path]:
    key, certificate = _self_signed()
    files = folder / "certificate.pem", folder / "private-key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


def _compared(
    deployment: Deployment,
    way: str,
    known: str,
    credentials: tuple[Path, Path] | None,
    form: Form,
    calls: int,
) -> float:
    """Print the medians of one way; returns their difference in milliseconds."""
    context = ssl.create_default_context(cafile=str(deployment.trust_bundle))
    if credentials is not None:
        context.load_cert_chain(*credentials)
    address = urlsplit(deployment.issuer)
    connection = http.client.HTTPSConnection("localhost", address.port, context=context, timeout=30)
    clients = (known, UNKNOWN.ljust(len(known), "-")[: max(len(known), len(UNKNOWN))])
    times: dict[str, list[float]] = {client: [] for client in clients}
    answers: dict[str, tuple[int, bytes]] = {}
    try:
        for number in range(WARM_UP + calls):
            for client in clients if number % 2 else reversed(clients):
                body = urlencode(form(client))
                began = time.perf_counter_ns()
                answers[client] = _asked(connection, body)
                if number >= WARM_UP:
                    times[client].append((time.perf_counter_ns() - began) / 1e6)
    finally:
        connection.close()
    if answers[clients[0]] != answers[clients[1]]:
        raise SystemExit(f"{way}: the answers differ: {answers}")
    known_ms, unknown_ms = (statistics.median(times[client]) for client in clients)
    print(
        f"{way:45} {known_ms:7.3f} ms known {unknown_ms:7.3f} ms unknown {known_ms - unknown_ms:+7.3f} ms",
        flush=True,
    )
    return known_ms - unknown_ms


def _asked(connection: http.client.HTTPSConnection, body: str) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/token", body, headers)
    response = connection.getresponse()
    return response.status, response.read()


if __name__ == "__main__":
    sys.exit(main())
