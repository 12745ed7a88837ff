"""Makes a token by which somebody may register one client."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from authserver.client_authentication import http
from authserver.registration.tokens import new_initial_token
from authserver.registration.views import initial_token_key
from operations.audit.trail import trail

EVENT = "operator.initial_access_token"
DAY_SECONDS = 86_400


class Command(BaseCommand):
    """Print an initial access token (RFC 7591 §3): good for one registration, until it expires."""

    help = "Prints an initial access token, by which a client registers itself once at /register (RFC 7591)."

    def add_arguments(self, parser: CommandParser) -> None:
        """How long it lasts."""
        parser.add_argument("--lifetime", type=int, default=DAY_SECONDS, metavar="SECONDS")

    def handle(self, *args: Any, lifetime: int, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Make it, and print it: it is kept nowhere."""
        trail().record(EVENT, "accepted", detail={"lifetime_seconds": lifetime})
        self.stdout.write(new_initial_token(initial_token_key(), lifetime, http.clock()))
