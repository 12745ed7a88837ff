"""``manage.py first_user``: somebody who can log in to the admin at once, for a local environment."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from sender_constraint.certificates import durable_files

USER_NAME = "admin"
PASSWORD_FILE = "admin-password"  # noqa: S105 - the name of a file


class Command(BaseCommand):
    """Makes the first user; elsewhere ``createsuperuser`` asks people for a password of theirs."""

    help = (
        f"Make a superuser {USER_NAME!r} of the admin, with a password that is born here and kept in "
        f"<STATE_DIR>/{PASSWORD_FILE}, mode 0600. Does nothing where there is a user already."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Make the user where there is none; the password before the user, whoever is killed in between."""
        users = get_user_model().objects
        if users.exists():
            return
        file = settings.STATE_DIR / PASSWORD_FILE
        durable_files.write_once(file, secrets.token_urlsafe(24).encode(), durable_files.PRIVATE)
        users.create_superuser(USER_NAME, password=durable_files.read_private(file).decode())
        self.stdout.write(f"user {USER_NAME} of the admin; password in {file}")
