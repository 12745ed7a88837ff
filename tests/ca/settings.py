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

from ca.pages_settings import *  # noqa: E402, F403 - read only now: with the tables of its admin
from ca.settings import (  # noqa: E402 - the service's own surface, all the same
    ALLOWED_HOSTS,  # noqa: F401 - as above
    APPEND_SLASH,  # noqa: F401 - as above
    MIDDLEWARE,  # noqa: F401 - as above
    ROOT_URLCONF,  # noqa: F401 - as above
)

# Where nobody listens: what is renewed over EST is tested against a server that a test starts.
EST_URL = "https://127.0.0.1:1/.well-known/est"
