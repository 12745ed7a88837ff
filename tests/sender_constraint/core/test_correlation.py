import uuid

import pytest

from sender_constraint.core.correlation import accepted_correlation_id

KNOWN = "8b4ae5b2-6ad4-4ff1-a3ee-00000000000A"


@pytest.mark.clause("FAPI 1.0 Baseline §6.2.1")
@pytest.mark.parametrize("presented", [KNOWN, KNOWN.lower(), KNOWN.upper()])
def test_a_uuid_is_given_back_as_it_came(presented: str) -> None:
    assert accepted_correlation_id(presented) == presented


@pytest.mark.parametrize(
    "presented",
    [
        None,
        "",
        "id-1",
        KNOWN.replace("-", ""),
        f"{{{KNOWN}}}",
        f"urn:uuid:{KNOWN}",
        f"{KNOWN}\n",
        f" {KNOWN}",
    ],
)
def test_anything_else_is_replaced_by_a_fresh_uuid(presented: str | None) -> None:
    first, second = accepted_correlation_id(presented), accepted_correlation_id(presented)

    assert uuid.UUID(first) != uuid.UUID(second)
    assert presented not in (first, second)
