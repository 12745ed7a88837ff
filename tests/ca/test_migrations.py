"""A register of before the authority's certificates were in it: nothing in it is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from ca.authority.hierarchy import Hierarchy
from ca.authority.identity import identity_of
from ca.authority.profiles import CLIENT
from ca.register.models import IssuedCertificate, LineageFork
from tests.ca.material import new_key

BEFORE = [("register", "0001_initial")]


@pytest.mark.django_db(transaction=True)
def test_certificates_that_were_issued_before_get_their_issuer_from_what_they_say(
    hierarchy: Hierarchy,
) -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes("register")
    now = datetime.now(UTC)
    certificate = hierarchy.issuing.issue(
        CLIENT, new_key().public_key(), x509.Name.from_rfc4514_string("CN=old"), [], timedelta(days=1), now
    )
    try:
        old = executor.migrate(BEFORE).apps.get_model("register", "IssuedCertificate")
        old.objects.create(
            serial="abc", der=certificate.public_bytes(serialization.Encoding.DER), profile_name="client",
            public_key_digest="", issued_at=now, not_after=certificate.not_valid_after_utc,
        )  # fmt: skip
    finally:
        MigrationExecutor(connection).migrate(latest)
    record = IssuedCertificate.objects.get(serial="abc")
    assert record.issuer == identity_of(hierarchy.issuing.certificate)
    assert (record.line, record.crl_number) == (0, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("still_valid", [True, False])
def test_a_lineage_that_was_forked_before_waits_for_the_operator_while_both_ends_are_valid(
    still_valid: bool,
) -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes("register")
    now = datetime.now(UTC)
    try:
        old = executor.migrate([("register", "0004_reserved_names")]).apps
        participant = old.get_model("register", "Participant").objects.create(name="forked")
        enrolment = old.get_model("register", "Enrolment").objects.create(
            participant=participant, profile_name="client", subject="CN=forked", line=1
        )

        def record(serial: str, replaces: object, hours: int) -> object:
            return old.get_model("register", "IssuedCertificate").objects.create(
                serial=serial, issuer="issuer", der=b"", profile_name="client", enrolment=enrolment, line=1,
                public_key_digest=serial, replaces=replaces, issued_at=now,
                not_after=now + timedelta(hours=hours),
            )  # fmt: skip

        first = record("a", None, 1)
        record("b", first, 1)
        record("c", first, 1 if still_valid else -1)
    finally:
        MigrationExecutor(connection).migrate(latest)
    assert IssuedCertificate.objects.get(serial="a").successors.count() == 2
    assert [each.is_branch for each in IssuedCertificate.objects.order_by("id")] == [False, False, True]
    forks = LineageFork.objects.filter(decision="")
    assert [fork.replaced.serial for fork in forks] == (["a"] if still_valid else [])
