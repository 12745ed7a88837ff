"""One cast for all tests, as long as its tokens last."""

import time

from workshop.loot import Cast
from workshop.story.stage import Stage
from workshop.story.theft import the_theft

# Of the 300 that tokens live.
TOKENS_USED_SECONDS = 200


class Casting:
    """Has the theft happen when it is first needed, and again before the stolen tokens expire."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._cast: Cast | None = None
        self._began = 0.0

    def cast(self) -> Cast:
        """The cast, with tokens that are good for a minute at least."""
        if self._cast is None or time.monotonic() > self._began + TOKENS_USED_SECONDS:
            self._began = time.monotonic()
            self._cast = the_theft(self._stage)
        return self._cast
