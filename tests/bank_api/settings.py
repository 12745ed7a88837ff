"""The bank API's settings, with a state directory that ends with the test run."""

import atexit
import os
import shutil
import tempfile

_root = tempfile.mkdtemp(prefix="bank-api-tests-")
atexit.register(shutil.rmtree, _root, ignore_errors=True)
os.environ["STATE_DIR"] = f"{_root}/bank_api"
os.environ["LOG_LEVEL"] = "CRITICAL"
os.environ["DEMO"] = "true"
# With TESTS_DATABASE_URL the same tests run on PostgreSQL.
os.environ["DATABASE_URL"] = os.environ.get("TESTS_DATABASE_URL", f"sqlite:///{_root}/database.sqlite3")
for name in (
    "ISSUER",
    "RESOURCE",
    "TRUST_BUNDLE",
    "REVOCATION_SECONDS",
    "STATUS_GRACE_SECONDS",
    "OCSP_URL",
    "AUDIT_DIR",
    "SECRET_KEY",
    "ACCEPT_FOREIGN_CERTIFICATES",
    "PUBLIC_ORIGIN",
    "DPOP_NONCE_REQUIRED",
    "DPOP_NONCE_SECONDS",
    "INTROSPECTIONS_PER_CERTIFICATE",
    "INTROSPECTIONS_WITHOUT_CERTIFICATE",
    "PROFILE",
):
    os.environ.pop(name, None)

from bank_api.pages_settings import *  # noqa: E402, F403 - read only now: with the tables of its admin
from bank_api.settings import (  # noqa: E402 - the service's own surface, all the same
    ALLOWED_HOSTS,  # noqa: F401 - as above
    APPEND_SLASH,  # noqa: F401 - as above
    DATABASES,
    MIDDLEWARE,  # noqa: F401 - as above
    ROOT_URLCONF,  # noqa: F401 - as above
)

# A file, as in service: threads that share a database in memory would share its locks too.
if DATABASES["default"]["ENGINE"].endswith("sqlite"):
    DATABASES["default"]["TEST"] = {"NAME": f"{_root}/test.sqlite3"}
