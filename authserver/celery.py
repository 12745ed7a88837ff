"""The worker of the authorization server: it renews the certificate with which the server serves."""

from sender_constraint.django.worker import worker_of

app = worker_of("authserver")
