"""Answers are kept for as long as promised, and asked for once however many wait."""

import threading
from dataclasses import dataclass, field

import pytest

from sender_constraint.http.refresh_ahead import Answer, FreshAnswers, NoAnswer
from tests.waiting import eventually

PROMISE_SECONDS = 6.0


@dataclass
class Asked:
    """Somebody who answers, slowly if told to. last: what each question knew already."""

    now: float = 100.0
    answer: Answer[str] = field(default_factory=lambda: Answer("good"))
    failure: Exception | None = None
    may_answer: threading.Event = field(default_factory=threading.Event)
    last: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def __call__(self, last: str | None) -> Answer[str]:
        self.last.append(last)
        self.may_answer.wait(10)
        if self.failure is not None:
            raise self.failure
        return self.answer


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def answers(asked: Asked) -> FreshAnswers[str]:
    return FreshAnswers(PROMISE_SECONDS, remembered=3, wait_seconds=0.2, monotonic=lambda: asked.now)


def test_an_answer_is_kept_for_a_third_of_the_promise_without_asking(
    answers: FreshAnswers[str], asked: Asked
) -> None:
    assert answers.get("q", asked) == "good"
    asked.now += PROMISE_SECONDS / 3 - 0.1
    assert answers.get("q", asked) == "good"
    assert asked.last == [None]


def test_it_is_asked_for_anew_beside_whoever_has_one(answers: FreshAnswers[str], asked: Asked) -> None:
    answers.get("q", asked)
    asked.may_answer.clear()
    asked.answer = Answer("bad")
    asked.now += PROMISE_SECONDS / 2

    assert answers.get("q", asked) == "good"
    assert answers.get("q", asked) == "good"
    asked.may_answer.set()
    eventually(lambda: answers.get("q", asked) == "bad", "the new answer")

    assert asked.last == [None, "good"]


def test_no_answer_is_used_beyond_the_promise(answers: FreshAnswers[str], asked: Asked) -> None:
    answers.get("q", asked)
    asked.failure = NoAnswer("away")
    asked.now += PROMISE_SECONDS

    assert answers.get("q", asked) is None
    assert answers.why_none("q") == {"age_seconds": 6.0, "promise_seconds": 6.0, "problem": "away"}


def test_it_counts_from_the_question_and_not_from_the_answer(
    answers: FreshAnswers[str], asked: Asked
) -> None:
    asked.answer = Answer("good", age_seconds=4.0)
    assert answers.get("q", asked) == "good"
    asked.failure = NoAnswer("away")
    asked.now += 2.0

    assert answers.get("q", asked) is None


def test_a_failure_keeps_from_asking_for_a_second(answers: FreshAnswers[str], asked: Asked) -> None:
    asked.failure = NoAnswer("away")
    assert answers.get("q", asked) is None
    asked.now += 0.9
    assert answers.get("q", asked) is None
    assert len(asked.last) == 1

    asked.failure = None
    asked.now += 0.1
    assert answers.get("q", asked) == "good"


def test_a_defect_is_no_answer_either(
    answers: FreshAnswers[str], asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    asked.failure = RuntimeError("defect")

    assert answers.get("q", asked) is None
    assert answers.why_none("q")["problem"] == "RuntimeError: defect"


def test_many_who_wait_ask_once(answers: FreshAnswers[str], asked: Asked) -> None:
    asked.may_answer.clear()
    got: list[str | None] = []
    waiting = [threading.Thread(target=lambda: got.append(answers.get("q", asked))) for _ in range(8)]
    for each in waiting:
        each.start()
    eventually(lambda: len(asked.last) == 1, "somebody asks")
    asked.may_answer.set()
    for each in waiting:
        each.join()

    assert got == ["good"] * 8
    assert asked.last == [None]


def test_nobody_waits_without_end(answers: FreshAnswers[str], asked: Asked) -> None:
    asked.may_answer.clear()

    assert answers.get("q", asked) is None
    assert "0.2 seconds" in answers.why_none("q")["problem"]
    asked.may_answer.set()


def test_only_so_many_are_kept_and_what_is_forgotten_is_asked_again(
    answers: FreshAnswers[str], asked: Asked
) -> None:
    for key in ("a", "b", "c", "a", "d"):
        assert answers.get(key, asked) == "good"
    assert len(answers) == 3

    answers.get("a", asked)
    assert len(asked.last) == 4
    answers.get("b", asked)
    assert len(asked.last) == 5
    answers.forget("b")
    answers.get("b", asked)
    assert len(asked.last) == 6
    assert answers.why_none("never")["age_seconds"] is None
