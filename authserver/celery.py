"""The worker of the authorization server: it renews the certificate with which the server serves."""

from operations.tasks.worker import worker_of

app = worker_of("authserver")
