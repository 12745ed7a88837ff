"""Every way to bind a token, in an environment that is up: its client is served, until the token is revoked.

Runs in the shell of Compose: ``python - <.ci/methods.py``. The variables of demo.env are there, and lead to
files; each client gets a token, reads the accounts, and revokes the token; and the API refuses it soon.
Exit status 1 where it came out otherwise.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from workshop.calls import Call
from workshop.environment.deployment import Deployment, attached
from workshop.methods import METHODS, Holder, Method, answered
from workshop.narration import Narrator
from workshop.patience import patiently
from workshop.story.partner import metadata
from workshop.story.stage import Stage, outcome_of
from workshop.wire import Exchange

LONGEST_SECONDS = 10
PAUSE_SECONDS = 0.2
# The first by the issuer's status list; the second by its answer about an opaque token.
RULES = ("token.revoked", "token.inactive")


def troubles(stage: Stage) -> Iterator[str]:
    """What must not be."""
    yield from _of_variables(stage.deployment)
    known = metadata(stage)
    for method in METHODS:
        came = _tried(stage, method, Holder(method, stage.deployment, known))
        if came is not None:
            yield f"{method.title}: {came}"


def _of_variables(deployment: Deployment) -> Iterator[str]:
    for name, value in deployment.variables().items():
        if os.environ.get(name) != value:
            yield f"{name} is {os.environ.get(name)}, not {value}"
        if value.startswith("/") and not Path(value).is_file():
            yield f"{name}: no file {value}"


def _tried(stage: Stage, method: Method, holder: Holder) -> str | None:
    def sent(call: Callable[[], Call]) -> Exchange:
        return patiently(lambda: answered(call, lambda each: each.send(stage.wire)))

    granted = sent(holder.token_call)
    if granted.status != 200:
        return f"no token: {outcome_of(granted)}"
    token = str(granted.json()["access_token"])
    served = sent(lambda: holder.accounts_call(token))
    if served.status != 200:
        return f"its own client: {outcome_of(served)}"
    revoked = sent(lambda: holder.revoke_call(token))
    if revoked.status != 200:
        return f"not revoked: {outcome_of(revoked)}"
    began = time.monotonic()
    while (answer := sent(lambda: holder.accounts_call(token))).status == 200:
        if time.monotonic() - began > LONGEST_SECONDS:
            return f"served still, {LONGEST_SECONDS} s after the token was revoked"
        time.sleep(PAUSE_SECONDS)
    rule = stage.audit.about(answer).rule
    if rule not in RULES:
        return f"the revoked token: {outcome_of(answer)}, {rule}"
    print(
        f"{method.title}: served, and refused {time.monotonic() - began:.1f} s after the revocation: {rule}"
    )
    return None


def main() -> int:
    """Returns the exit status."""
    deployment = attached()
    if deployment is None:
        raise SystemExit("this runs in a container of Compose only")
    with tempfile.TemporaryDirectory() as folder:
        failed = list(troubles(Stage(deployment, Narrator(), Path(folder))))
    for trouble in failed:
        print(f"does not hold: {trouble}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
