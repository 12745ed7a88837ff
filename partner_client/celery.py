"""The partner's worker: it replaces the certificate with which the partner calls, before it ends."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partner_client.settings")
app = Celery("partner_client")
app.config_from_object("django.conf:settings", namespace="CELERY")
