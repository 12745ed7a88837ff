"""The worker of the authority: it renews its own certificates, and publishes revocation lists."""

from django.conf import settings

from ca.status.schedule import PUBLISH_TASKS, publication_schedule
from sender_constraint.django.worker import worker_of

app = worker_of("ca")
app.conf.imports = (*app.conf.imports, *PUBLISH_TASKS)
app.conf.beat_schedule = {**app.conf.beat_schedule, **publication_schedule(settings.RENEWAL_CHECK_SECONDS)}
