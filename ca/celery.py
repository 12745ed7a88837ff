"""The worker of the authority: it renews the certificate with which the authority serves."""

from sender_constraint.django.worker import worker_of

app = worker_of("ca")
