"""The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07)."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from bank_api.accounts.models import Account, AccountAccess, Transaction
from bank_api.payments import booking
from bank_api.payments.models import IdempotencyRecord, Payment
from tests.bank_api.caller import Caller, Verdict

DRAFT = "draft-ietf-httpapi-idempotency-key-header-07"
KIND = "urn:example:bank:problem:"
Instruction = dict[str, Any]


@pytest.mark.django_db
class TestOneAfterAnother:
    @pytest.mark.clause(f"{DRAFT} §2.6")
    def test_the_same_key_and_body_get_the_same_answer_and_one_payment(
        self, partner: Caller, account: Account, instruction: Instruction, verdict: Verdict
    ) -> None:
        first, second = partner.pays(instruction), partner.pays(instruction)
        verdict.accepted(second, 201)
        assert first.content == second.content
        assert first.headers["Location"] == second.headers["Location"]
        assert [e["detail"]["replayed"] for e in verdict.trail.events()] == [False, True]
        account.refresh_from_db()
        assert account.available_minor_units == 1000_00 - 12_34
        assert Payment.objects.count() == Transaction.objects.count() == 1

    @pytest.mark.clause(f"{DRAFT} §2.4")
    def test_the_layout_of_the_body_does_not_count(self, partner: Caller, instruction: Instruction) -> None:
        turned = json.dumps(dict(reversed(instruction.items())), indent=3).encode()
        assert partner.pays(instruction).content == partner.pays(turned).content

    @pytest.mark.clause(f"{DRAFT} §2.7")
    def test_the_same_key_with_another_body_is_refused(
        self, partner: Caller, instruction: Instruction, verdict: Verdict
    ) -> None:
        verdict.accepted(partner.pays(instruction), 201)
        other = {**instruction, "reference": "Invoice 2042"}
        response = partner.pays(other)
        verdict.problem(response, 422, "idempotency.key-reused", f"{KIND}idempotency-key-reused")
        assert Payment.objects.count() == 1
        verdict.accepted(partner.pays(other, key="key-2"), 201)

    @pytest.mark.clause(f"{DRAFT} §2.2")
    def test_a_key_belongs_to_its_client(
        self,
        partner: Caller,
        other_partner: Caller,
        instruction: Instruction,
        foreign_account: Account,
        verdict: Verdict,
    ) -> None:
        verdict.accepted(partner.pays(instruction), 201)
        theirs = {**instruction, "debtor_account": str(foreign_account.pk)}
        verdict.accepted(other_partner.pays(theirs), 201)
        assert Payment.objects.count() == 2

    @pytest.mark.clause(f"{DRAFT} §2.7")
    def test_without_a_key_nothing_is_paid(
        self, partner: Caller, instruction: Instruction, verdict: Verdict
    ) -> None:
        response = partner.pays(instruction, key=None)
        verdict.problem(response, 400, "idempotency.key-missing", f"{KIND}idempotency-key-missing")
        assert not Payment.objects.exists()

    @pytest.mark.clause(f"{DRAFT} §2.1")
    def test_a_key_in_quotation_marks_is_the_same_key(
        self, partner: Caller, instruction: Instruction
    ) -> None:
        assert partner.pays(instruction, key="a").content == partner.pays(instruction, key='"a"').content

    @pytest.mark.clause(f"{DRAFT} §2.1")
    @pytest.mark.parametrize(
        "key", ["", '""', '"a', 'a"', "a, b", '"a", "b"', "a b", "a\tb", "ä", "a" * 129, "a;p=1", "☃"]
    )
    def test_a_malformed_key_is_refused(
        self, partner: Caller, instruction: Instruction, verdict: Verdict, key: str
    ) -> None:
        response = partner.pays(instruction, key=key)
        verdict.problem(response, 400, "idempotency.key-malformed", f"{KIND}idempotency-key-malformed")
        assert not Payment.objects.exists()

    @pytest.mark.parametrize("key", ["a", "a" * 128, "8e03978e-40d5-43dd-bc93-6894a57f9324", "-._~:/+="])
    def test_a_well_formed_key_is_taken(
        self, partner: Caller, instruction: Instruction, verdict: Verdict, key: str
    ) -> None:
        verdict.accepted(partner.pays(instruction, key=key), 201)

    @pytest.mark.clause(f"{DRAFT} §2.6")
    def test_a_refusal_is_an_outcome_too_whatever_changes_later(
        self, partner: Caller, account: Account, instruction: Instruction, verdict: Verdict
    ) -> None:
        instruction["amount"] = {"amount": "1000.01", "currency": "EUR"}
        first = partner.pays(instruction)
        verdict.problem(first, 422, "payments.funds", f"{KIND}insufficient-funds")
        Account.objects.filter(pk=account.pk).update(available_minor_units=2000_00)
        second = partner.pays(instruction)
        event = verdict.problem(second, 422, "payments.funds", f"{KIND}insufficient-funds")
        assert event["detail"] == {"replayed": True}
        assert first.content == second.content
        verdict.accepted(partner.pays(instruction, key="key-2"), 201)

    def test_an_accounts_closing_to_the_client_does_not_change_the_answer(
        self, partner: Caller, instruction: Instruction
    ) -> None:
        first = partner.pays(instruction)
        AccountAccess.objects.filter(client_id="partner").delete()
        assert partner.pays(instruction).content == first.content

    def test_a_request_that_is_refused_before_the_database_is_asked_does_not_use_its_key_up(
        self, partner: Caller, instruction: Instruction, verdict: Verdict
    ) -> None:
        wrong = {**instruction, "creditor_name": ""}
        verdict.problem(partner.pays(wrong), 400, "request.body-members")
        verdict.accepted(partner.pays(instruction), 201)


@pytest.mark.django_db(transaction=True)
class TestAtOnceAndInterrupted:
    def test_a_crash_before_the_commit_books_nothing_and_leaves_the_key_free(
        self,
        partner: Caller,
        account: Account,
        instruction: Instruction,
        verdict: Verdict,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        class Crash(BaseException):
            """What no code of ours catches."""

        def crash(*_: Any, **__: Any) -> None:
            raise Crash

        with monkeypatch.context() as patched:
            # The very last write of the transaction.
            patched.setattr(IdempotencyRecord, "save", crash)
            with pytest.raises(Crash):
                partner.pays(instruction)
        account.refresh_from_db()
        assert account.available_minor_units == 1000_00
        assert not any(model.objects.exists() for model in (Payment, Transaction, IdempotencyRecord))
        verdict.accepted(partner.pays(instruction), 201)

    def test_a_crash_after_the_commit_leaves_the_answer_to_the_retry(
        self, partner: Caller, account: Account, instruction: Instruction, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Crash(BaseException):
            """What no code of ours catches."""

        def crash(*_: Any) -> None:
            raise Crash

        with monkeypatch.context() as patched:
            patched.setattr(booking, "_outcome", crash)
            with pytest.raises(Crash):
                partner.pays(instruction)
        response = partner.pays(instruction)
        assert response.json()["id"] == str(Payment.objects.get().pk)
        account.refresh_from_db()
        assert account.available_minor_units == 1000_00 - 12_34

    @pytest.mark.clause(f"{DRAFT} §2.6")
    def test_the_same_key_at_once_makes_one_payment_and_gives_all_the_same_answer(
        self, partner: Caller, account: Account, instruction: Instruction
    ) -> None:
        answers = at_once(8, lambda _: partner.pays(instruction))
        assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
        assert Payment.objects.count() == Transaction.objects.count() == 1
        account.refresh_from_db()
        assert account.available_minor_units == 1000_00 - 12_34

    def test_many_payments_at_once_never_overdraw_the_account(
        self, partner: Caller, account: Account, instruction: Instruction
    ) -> None:
        instruction["amount"] = {"amount": "300.00", "currency": "EUR"}
        answers = at_once(8, lambda number: partner.pays(instruction, key=f"key-{number}"))
        assert Counter(answer.status_code for answer in answers) == {201: 3, 422: 5}
        account.refresh_from_db()
        assert account.available_minor_units == 100_00
        assert Payment.objects.count() == Transaction.objects.count() == 3

    @pytest.mark.clause("RFC 9110 §15.6.4")
    def test_a_locked_database_is_an_answer_that_may_be_retried(
        self,
        partner: Caller,
        instruction: Instruction,
        verdict: Verdict,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("only SQLite has one lock for all")
        locked, done = threading.Event(), threading.Event()

        def hold() -> None:
            try:
                with transaction.atomic():
                    IdempotencyRecord.objects.exists()
                    locked.set()
                    done.wait(30)
            finally:
                connection.close()

        holder = threading.Thread(target=hold)
        holder.start()
        try:
            assert locked.wait(10)
            connection.close()
            monkeypatch.setitem(connection.settings_dict["OPTIONS"], "lock_seconds", 0.05)
            response = partner.pays(instruction)
        finally:
            done.set()
            holder.join()
            connection.close()
        verdict.problem(response, 503, "service.database")
        assert response.headers["Retry-After"] == "1"
        verdict.accepted(partner.pays(instruction), 201)


def at_once(number: int, call: Callable[[int], Any]) -> list[Any]:
    """The results of so many calls that start together, each in a thread with a connection of its own."""
    start = threading.Barrier(number)
    results: dict[int, Any] = {}

    def run(index: int) -> None:
        try:
            start.wait(10)
            results[index] = call(index)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    with override_settings():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return [results[index] for index in range(number)]
