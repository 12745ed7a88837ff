"""gunicorn's configuration of a service, in which one rule after the other can be switched off.

``TESTS_SERVICE`` is the service, and ``TESTS_RULE_OFF`` the file that names the rule: it is read at each
refusal. Lives among the tests, and no service knows of it.
"""

import os
import runpy
from pathlib import Path

globals().update(runpy.run_path(f"{os.environ['TESTS_SERVICE']}/gunicorn.conf.py"))
_own_post_worker_init = globals().get("post_worker_init")


def post_worker_init(worker: object) -> None:
    """Put the switches in once the application is loaded, with all the modules that its URLs import."""
    from django.urls import get_resolver

    from tests.e2e.switchboard import Switchboard

    if _own_post_worker_init is not None:
        _own_post_worker_init(worker)
    assert get_resolver().url_patterns
    assert Switchboard(Path(os.environ["TESTS_RULE_OFF"])).put_switches() > 0
