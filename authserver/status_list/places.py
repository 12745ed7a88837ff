"""Which place in which status list a token gets.

draft-ietf-oauth-status-list-21 §12.5 and §13.2: indices are random, so that nobody learns from them how many
tokens are issued, or when. A list is given up for the next one when so many draws in a row were taken
already. That needs neither a counter nor a look: a place that is taken shows when the token is written down.
"""

import secrets
from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.db.models import Max

from authserver.endpoints.paths import STATUS_LISTS_PATH
from authserver.issued_tokens.models import IssuedToken
from authserver.issued_tokens.register import Place
from sender_constraint.jose.status_lists import MOST_OCTETS

# With a million places a list takes some ninety thousand tokens before four draws in a row are taken.
DRAWS = 4
FIRST_LIST = 1
# Fewer have no herd to hide in (§12.1), and more are a list that nobody wants to fetch each few seconds.
FEWEST_PLACES = 2**10
MOST_PLACES = 8 * MOST_OCTETS


class OpenList:
    """The list from which this process draws. Processes need not agree on it."""

    def __init__(self, number: int) -> None:
        self._number = number

    def places(self, size: int) -> Iterator[Place]:
        """Random places without end: of the open list, and of the next one when it seems to be full."""
        while True:
            number = self._number
            for _ in range(DRAWS):
                yield Place(number, secrets.randbelow(size))
            self._number = max(self._number, number + 1)


@cache
def open_list() -> OpenList:
    """The one of this process: to begin with, the latest one that is in use."""
    latest = IssuedToken.objects.aggregate(latest=Max("status_list"))["latest"]
    return OpenList(latest or FIRST_LIST)


def places() -> Iterator[Place]:
    """Places for a token of this process, by the setting ``STATUS_LIST_SIZE``."""
    return open_list().places(settings.STATUS_LIST_SIZE)


def list_uri(issuer: str, number: int) -> str:
    """The address of a list: ``uri`` in a token (§6.2) and ``sub`` in the list (§5.1)."""
    return f"{issuer}{STATUS_LISTS_PATH}{number}"
