"""Work that is done once, however many ask for it at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Whoever comes first works; whoever comes meanwhile gets the same result, or the same error.

    Works with threads, and with gevent once it has patched them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flight: Future[Result] | None = None

    def run(self, work: Callable[[], Result], *, wait_seconds: float) -> Result:
        """Work, or wait for whoever is at it.

        Raises what the work raises, and TimeoutError if somebody else's work takes longer than one waits.
        """
        while True:
            flight, ours = self._board()
            if ours:
                self._fly(flight, work)
            try:
                return flight.result(wait_seconds)
            except CancelledError:
                continue  # whoever was at it was told to end: one of those who waited takes over

    def start(self, work: Callable[[], Result]) -> None:
        """Have it done beside the caller, unless somebody is at it.

        What it raises reaches only those who wait in ``run``.
        """
        flight, ours = self._board()
        if ours:
            threading.Thread(target=self._fly, args=(flight, work), daemon=True).start()

    def afterwards(self, work: Callable[[], None]) -> None:
        """Have this done when whoever is at it has ended: now, if nobody is."""
        with self._lock:
            flight = self._flight
        if flight is None:
            work()
        else:
            flight.add_done_callback(lambda _landed: work())

    def _board(self) -> tuple[Future[Result], bool]:
        with self._lock:
            if self._flight is not None:
                return self._flight, False
            self._flight = Future()
            return self._flight, True

    def _fly(self, flight: Future[Result], work: Callable[[], Result]) -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - it is handed on, to everybody who waits
            self._land()
            flight.set_exception(error)
        except BaseException:
            self._land()
            flight.cancel()
            raise
        else:
            self._land()
            flight.set_result(result)

    def _land(self) -> None:
        with self._lock:
            self._flight = None
