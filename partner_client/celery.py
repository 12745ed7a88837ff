"""The partner's worker: it replaces the certificate with which the partner calls, before it ends."""

from operations.tasks.worker import worker_of

app = worker_of("partner_client")
