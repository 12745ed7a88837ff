"""A name stands for one participant alone, whoever admits at the same time."""

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from ca.register import participants
from ca.register.models import Enrolment, Participant, ReservedName
from ca.register.participants import Application, NotAdmitted, admit_without_secret
from ca.register.reservations import digest_of, reserve_names

CLIENT = "client"
BEFORE = [("register", "0003_addresses")]


def admitted(
    name: str, subject: str, *dns: str, profile: str = CLIENT, **names: tuple[str, ...]
) -> Enrolment:
    return admit_without_secret(Application(name, profile, subject, san_dns=dns, **names))


@pytest.mark.django_db
def test_the_database_takes_a_name_once() -> None:
    admitted("one", "CN=one", "shared.example")
    other = Participant.objects.create(name="other")
    with pytest.raises(IntegrityError):
        ReservedName.objects.create(
            participant=other, name="dns shared.example", digest=digest_of("dns shared.example")
        )


@pytest.mark.django_db
def test_who_comes_a_moment_too_late_is_told_whose_the_name_is(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []

    def reserve_late(participant: Participant) -> None:
        """As where another process commits between the look and the insertion."""
        attempts.append(participant)
        if len(attempts) == 1:
            raise IntegrityError
        first = Participant.objects.create(name="first")
        ReservedName.objects.create(
            participant=first, name="subject CN=wanted", digest=digest_of("subject CN=wanted")
        )
        reserve_names(participant)

    monkeypatch.setattr(participants, "reserve_names", reserve_late)
    with pytest.raises(NotAdmitted, match="the subject CN=wanted is first's"):
        admitted("second", "CN=wanted")
    assert not Enrolment.objects.exists()


@pytest.mark.django_db
def test_one_name_in_another_spelling_is_the_same_name() -> None:
    admitted("one", "CN=one,O=Org", "One.Example", san_ip=("2001:db8::1",), san_email=("Pay@One.example",))
    for taken in (
        Application("two", CLIENT, "cn=one, o=Org"),
        Application("two", CLIENT, "CN=two", san_dns=("oNE.eXAMPLE",)),
        Application("two", CLIENT, "CN=two", san_ip=("2001:0DB8:0::1",)),
        Application("two", CLIENT, "CN=two", san_email=("Pay@ONE.example",)),
    ):
        with pytest.raises(NotAdmitted, match="is one's"):
            admit_without_secret(taken)
    admitted("two", "CN=two", san_email=("pay@one.example",))


@pytest.mark.django_db
def test_a_name_that_is_given_up_is_free_and_one_that_another_line_has_is_not() -> None:
    admitted("one", "CN=one", "both.example", "given-up.example")
    admitted("one", "CN=one again", "both.example")
    admitted("one", "CN=one")
    admitted("two", "CN=two", "given-up.example")
    with pytest.raises(NotAdmitted, match=r"both\.example is one's"):
        admitted("two", "CN=two", "both.example")


@pytest.mark.django_db(transaction=True)
def test_those_who_were_admitted_before_keep_their_names() -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes("register")
    try:
        old = executor.migrate(BEFORE).apps
        one = old.get_model("register", "Participant").objects.create(name="one")
        old.get_model("register", "Enrolment").objects.create(
            participant=one, profile_name=CLIENT, subject="CN=one", san_dns=["one.example"]
        )
    finally:
        MigrationExecutor(connection).migrate(latest)
    with pytest.raises(NotAdmitted, match=r"one\.example is one's"):
        admitted("two", "CN=two", "one.example")
    with pytest.raises(NotAdmitted, match="the subject CN=one is one's"):
        admitted("two", "CN=one", "localhost", profile="server")
