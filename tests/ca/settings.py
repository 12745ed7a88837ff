"""The settings of the authority, with state that lives as long as the tests."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

STATE = Path(tempfile.mkdtemp(prefix="ca-tests-"))
atexit.register(shutil.rmtree, STATE, ignore_errors=True)
os.environ.update(
    {"STATE_DIR": str(STATE / "ca"), "TRUST_BUNDLE": str(STATE / "public" / "trust-bundle.pem")}
)

from ca.settings import *  # noqa: E402, F403 - the environment comes first

# Where nobody listens: what is renewed over EST is tested against a server that a test starts.
EST_URL = "https://127.0.0.1:1/.well-known/est"
