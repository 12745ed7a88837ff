"""The authorization server's settings, with a state directory that ends with the test run."""

import atexit
import os
import shutil
import tempfile

_root = tempfile.mkdtemp(prefix="authserver-tests-")
atexit.register(shutil.rmtree, _root, ignore_errors=True)
os.environ["STATE_DIR"] = f"{_root}/authserver"
os.environ["LOG_LEVEL"] = "CRITICAL"
for name in (
    "ISSUER",
    "RESOURCES",
    "SCOPES",
    "PROFILE",
    "DEMO",
    "DATABASE_URL",
    "TRUST_BUNDLE",
    "REVOCATION_SECONDS",
    "STATUS_GRACE_SECONDS",
    "OCSP_URL",
    "AUDIT_DIR",
    "SECRET_KEY",
):
    os.environ.pop(name, None)

from authserver.pages_settings import *  # noqa: E402, F403 - read only now: with the tables of its admin
from authserver.settings import (  # noqa: E402 - the service's own surface, all the same
    ALLOWED_HOSTS,  # noqa: F401 - as above
    APPEND_SLASH,  # noqa: F401 - as above
    MIDDLEWARE,  # noqa: F401 - as above
    ROOT_URLCONF,  # noqa: F401 - as above
)
