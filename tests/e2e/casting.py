"""One cast for all tests, as long as its tokens last, and the nonces that it was given."""

import time
from collections.abc import Callable

from workshop.loot import Cast
from workshop.story.stage import Stage
from workshop.story.theft import the_theft

# Of the 300 that tokens live.
TOKENS_USED_SECONDS = 200


class Casting:
    """Has the theft happen when it is first needed, and again before the stolen tokens expire.

    store: the process of the bank's replay store; another one knows nothing of earlier nonces.
    """

    def __init__(self, stage: Stage, store: Callable[[], int]) -> None:
        self._stage = stage
        self._store = store
        self._of_store = 0
        self._cast: Cast | None = None
        self._began = 0.0

    def cast(self) -> Cast:
        """The cast, with tokens that are good for a minute at least."""
        store, late = self._store(), time.monotonic() > self._began + TOKENS_USED_SECONDS
        if self._cast is None or late or store != self._of_store:
            self._began, self._of_store = time.monotonic(), store
            self._cast = the_theft(self._stage)
        return self._cast
