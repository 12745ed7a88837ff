"""The worker of the authority: it renews its own certificates, and publishes revocation lists."""

from operations.tasks.worker import worker_of

app = worker_of("ca")
