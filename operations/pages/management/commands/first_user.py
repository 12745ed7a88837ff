"""``manage.py first_user``: a superuser for the admin pages of a local environment."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from sender_constraint.certificates import durable_files

USER_NAME = "admin"
PASSWORD_FILE = "admin-password"  # noqa: S105 - the name of a file


class Command(BaseCommand):
    """Creates the first user with a random password; elsewhere, ``createsuperuser`` asks for one."""

    help = (
        f"Create the superuser {USER_NAME!r} with a random password, stored in "
        f"<STATE_DIR>/{PASSWORD_FILE}, mode 0600. Does nothing if there is a user already."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Create the user if there is none; the password first, in case the process is killed in between."""
        users = get_user_model().objects
        if users.exists():
            return
        file = settings.STATE_DIR / PASSWORD_FILE
        durable_files.write_once(file, secrets.token_urlsafe(24).encode(), durable_files.PRIVATE)
        users.create_superuser(USER_NAME, password=durable_files.read_private(file).decode())
        self.stdout.write(f"created user {USER_NAME}; its password is in {file}")
