"""The partner's settings, with a state directory that ends with the test run."""

import atexit
import os
import shutil
import tempfile

_root = tempfile.mkdtemp(prefix="partner-tests-")
atexit.register(shutil.rmtree, _root, ignore_errors=True)
os.environ["STATE_DIR"] = f"{_root}/partner_client"
os.environ["LOG_LEVEL"] = "CRITICAL"
for name in ("ISSUER", "API_URL", "CLIENT_ID", "SCOPE", "RESOURCE", "TRUST_BUNDLE", "AUDIT_DIR", "REDIS_URL"):
    os.environ.pop(name, None)

from partner_client.settings import *  # noqa: E402, F403
