"""Work that many ask for at once is done once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from sender_constraint.client.single_flight import SingleFlight


class Work:
    """Counts; each run ends when it is told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.begun = threading.Semaphore(0)
        self.end = threading.Event()
        self.error: BaseException | None = None

    def __call__(self) -> int:
        self.runs += 1
        self.begun.release()
        assert self.end.wait(10)
        if self.error is not None:
            raise self.error
        return self.runs


class Boarding(SingleFlight[int]):
    """Counts who asked, so that a test can wait until all have."""

    def __init__(self) -> None:
        super().__init__()
        self.boarded = threading.Semaphore(0)

    def _board(self) -> tuple[Future[int], bool]:
        boarded = super()._board()
        self.boarded.release()
        return boarded


def run_in_many(
    flight: Boarding, work: Work, many: int = 20, doing: Callable[[], int] | None = None
) -> list[object]:
    def run() -> object:
        try:
            return flight.run(doing or work, wait_seconds=10)
        except BaseException as error:  # noqa: BLE001 - it is what the test looks at
            return error

    with ThreadPoolExecutor(many) as pool:
        futures = [pool.submit(run) for _ in range(many)]
        for _ in range(many):
            assert flight.boarded.acquire(timeout=10)
        work.end.set()
        return [future.result(10) for future in futures]


def test_all_who_ask_at_once_get_one_result() -> None:
    work = Work()

    assert run_in_many(Boarding(), work) == [1] * 20
    assert work.runs == 1


def test_all_who_ask_at_once_get_one_error() -> None:
    work = Work()
    work.error = RuntimeError("away")

    assert run_in_many(Boarding(), work) == [work.error] * 20
    assert work.runs == 1


def test_one_who_waits_takes_over_when_whoever_works_is_told_to_end() -> None:
    work = Work()
    end = KeyboardInterrupt()

    def aborted_at_first() -> int:
        if work() == 1:
            raise end
        return work.runs

    results = run_in_many(Boarding(), work, many=5, doing=aborted_at_first)

    assert results.count(end) == 1
    assert all(isinstance(result, int) for result in results if result is not end)


def test_who_comes_after_it_works_anew() -> None:
    flight, work = SingleFlight[int](), Work()
    work.end.set()

    assert [flight.run(work, wait_seconds=1) for _ in range(3)] == [1, 2, 3]


def test_one_does_not_wait_forever() -> None:
    flight, work = SingleFlight[int](), Work()
    flight.start(work)
    assert work.begun.acquire(timeout=10)

    with pytest.raises(TimeoutError):
        flight.run(work, wait_seconds=0.01)
    work.end.set()


def test_work_beside_the_caller_is_started_once() -> None:
    flight, work = SingleFlight[int](), Work()
    for _ in range(5):
        flight.start(work)
    work.end.set()

    assert flight.run(work, wait_seconds=10) in (1, 2)
    assert work.runs <= 2


def test_what_is_to_be_done_afterwards_waits_for_whoever_is_at_it() -> None:
    flight, work, done = SingleFlight[int](), Work(), threading.Event()
    flight.afterwards(done.set)
    assert done.is_set()

    done.clear()
    flight.start(work)
    assert work.begun.acquire(timeout=10)
    flight.afterwards(done.set)
    assert not done.is_set()
    work.error = RuntimeError("away")
    work.end.set()
    assert done.wait(10)
