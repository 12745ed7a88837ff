"""Twenty greenlets that call until each thumbprint was new twice: STORE ORIGIN TRUST_BUNDLE OCSP_URL."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - the patches come first
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from sender_constraint.certificates.checked_servers import ServerStatus  # noqa: E402
from sender_constraint.certificates.generations import GenerationStore  # noqa: E402
from sender_constraint.certificates.ocsp_cache import OCSPCache  # noqa: E402
from sender_constraint.client.caller import Caller, CallerSettings  # noqa: E402
from sender_constraint.client.token_source import TokenRequest  # noqa: E402
from sender_constraint.core.errors import Refusal  # noqa: E402


class Alarms:
    """Nobody hears them."""

    def raise_alarm(self, name: str, level: str, message: str, **detail: Any) -> None: ...

    def clear_alarm(self, name: str) -> None: ...


def refused(server: str, refusal: Refusal) -> None:
    raise AssertionError(f"{server}: {refusal}")


def main(path: str, origin: str, trust_bundle: str, ocsp_url: str) -> None:
    """Print each thumbprint that the server saw for the first time; stop after two."""
    seen: list[str] = []
    settings = CallerSettings(origin, TokenRequest("partner"), Path(trust_bundle))
    servers = ServerStatus(OCSPCache(ocsp_url, 5, alarms=Alarms()), refused)
    with Caller(GenerationStore(Path(path)), settings, servers=servers) as caller:

        def call() -> None:
            while len(seen) < 2:
                response = caller.request("GET", f"{origin}/accounts")
                assert response.status_code == 200, response.text
                thumbprint = response.json()["thumbprint"]
                if thumbprint not in seen:
                    seen.append(thumbprint)
                    print(f"called with {thumbprint}", flush=True)

        with gevent.Timeout(15):
            gevent.joinall([gevent.spawn(call) for _ in range(20)], raise_error=True)


main(*sys.argv[1:])
