"""The worker of the authority: it renews the certificate with which the authority serves."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ca.settings")
app = Celery("ca")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
