"""The worker of the authority: it renews its own certificates, and publishes revocation lists."""

from sender_constraint.django.worker import worker_of

app = worker_of("ca")
