"""The partner's worker: it replaces the certificate with which the partner calls, before it ends."""

from sender_constraint.django.worker import worker_of

app = worker_of("partner_client")
