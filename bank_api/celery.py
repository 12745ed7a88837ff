"""The worker of the bank's API: it renews the certificate with which the API serves."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bank_api.settings")
app = Celery("bank_api")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
