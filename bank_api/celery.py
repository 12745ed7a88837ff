"""The worker of the bank's API: it renews the certificate with which the API serves."""

from operations.tasks.worker import worker_of

app = worker_of("bank_api")
