"""gunicorn's configuration of a service whose clock is wrong, by as much as a test says while it runs.

``TESTS_SERVICE`` is the service, and ``TESTS_CLOCK`` the file with the seconds, which is read each time.
Lives among the tests, and no service knows of it.
"""

import os
import runpy
from pathlib import Path

globals().update(runpy.run_path(f"{os.environ['TESTS_SERVICE']}/gunicorn.conf.py"))
_own_post_worker_init = globals().get("post_worker_init")


def post_worker_init(worker: object) -> None:
    """Move the clock once the application is loaded, with all the modules that its URLs import."""
    from django.urls import get_resolver

    from tests.e2e.faults.clocks import move_this_process

    if _own_post_worker_init is not None:
        _own_post_worker_init(worker)
    assert get_resolver().url_patterns
    move_this_process(Path(os.environ["TESTS_CLOCK"]))
