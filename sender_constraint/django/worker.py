"""The Celery application of a service: a worker whose only task is to keep certificates fresh.

Settings: ``REDIS_URL`` names the broker, ``RENEWAL_CHECK_SECONDS`` how often the certificates are looked at.
"""

import os

from celery import Celery
from django.conf import settings

from sender_constraint.django.renewal import RENEWAL_TASKS, renewal_schedule


def worker_of(service: str) -> Celery:
    """The application of the service whose settings module is ``<service>.settings``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{service}.settings")
    app = Celery(service)
    app.conf.update(
        broker_url=settings.REDIS_URL,
        broker_transport_options={"socket_connect_timeout": 5, "socket_timeout": 30},
        # A broker that is away comes back: worker and schedule wait for it, for as long as it takes.
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_ignore_result=True,
        imports=RENEWAL_TASKS,
        beat_schedule=renewal_schedule(settings.RENEWAL_CHECK_SECONDS),
    )
    return app
