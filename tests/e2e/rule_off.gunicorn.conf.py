"""gunicorn's configuration of bank_api, with one rule switched off: ``TESTS_RULE_OFF`` names it.

Lives among the tests, and no service knows of it.
"""

import os

from sender_constraint.server.defaults import tls_front

globals().update(tls_front("bank_api"))


def post_worker_init(worker: object) -> None:  # noqa: ARG001 - gunicorn's signature
    """Switch the rule off once the application is loaded, with all the modules that its URLs import."""
    from django.urls import get_resolver

    from tests.e2e.switchboard import switch_off

    assert get_resolver().url_patterns
    assert switch_off(os.environ["TESTS_RULE_OFF"]) > 0
