"""Turns the signing key before its time."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from authserver.keys.schedule import TASK
from authserver.keys.store import NoSigningKey, signing_key_store
from authserver.keys.tasks import turning
from operations.audit.trail import trail
from operations.tasks.background import ledger


class Command(BaseCommand):
    """Begin the next turn of the signing keys now; with ``--now`` the present ones are of no use any more."""

    help = (
        "Publish the next signing key now; the worker lets it sign once everybody can know it, and no call "
        "fails. With --now, for a stolen key: a new key signs at once, and all present ones are removed from "
        "the published ones. Tokens that they signed are refused as soon as an API asks for the keys again, "
        "which the APIs of this library do within JWKS_MAX_AGE_SECONDS; for a few seconds an API that has "
        "just asked may not know the new key."
    )
    requires_system_checks = ("authserver",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add ``--now``."""
        parser.add_argument(
            "--now", action="store_true", help="the present keys are stolen: replace them now"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Ask for the turn, and do the first step of it. Raises CommandError."""
        turns = turning()
        try:
            before = signing_key_store().load().signing.kid
            if options["now"]:
                turns.withdraw_all()
            else:
                turns.request()
            with ledger().run(TASK, 0) as run:
                turns.look(run)
            signing = signing_key_store().load().signing.kid
        except NoSigningKey as error:
            raise CommandError(f"{error}; run ./scripts/manage authserver prepare") from error
        event = "signing_key.withdrawn" if options["now"] else "signing_key.turn_requested"
        trail().record(event, "accepted", detail={"signed_until_now": before, "signs": signing})
        for line in run.did or ["the next key is published already"]:
            self.stdout.write(line)
