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
from ca.register.models import IssuedCertificate
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
