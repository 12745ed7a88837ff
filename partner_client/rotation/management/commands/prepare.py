"""Makes what the partner's service needs before it starts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Make the folders of this service, for its user alone."""

    help = "Make the folders in which this service keeps its certificates and secrets. Can be repeated."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Make what is missing; leave what is there."""
        for declared in settings.CERTIFICATE_STORES.values():
            declared.path.mkdir(parents=True, exist_ok=True)
            declared.secret_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.stdout.write("ready; the next step is `enrol`")
