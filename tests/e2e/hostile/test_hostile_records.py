"""TLS records that move nothing, sent without a pause: KeyUpdates, empty records, records of one byte."""

from collections.abc import Sequence

import pytest

from tests.e2e.hostile.conftest import BesiegingAll
from tests.e2e.hostile.siege import honest_calls_while
from tests.e2e.hostile.target import Target
from tests.record_floods import FLOODS, WITHOUT_DATA, Flooding, Order

FLOOD_SECONDS = 2

# No phase that such a flood can be in has a longer limit; the rest is for the machine.
LIMIT_SECONDS = 10
SLACK_SECONDS = 2


@pytest.mark.clause("RFC 8446 §5.1")
@pytest.mark.parametrize("case", FLOODS)
def test_a_flood_of_records_keeps_no_caller_out_and_ends_at_the_limit(
    tls_targets: Sequence[Target], besieging_all: BesiegingAll, case: str
) -> None:
    orders = [Order(each.port, str(each.trust_bundle), case, FLOOD_SECONDS) for each in tls_targets]
    with besieging_all(case, tls_targets) as sieges:
        floods = [Flooding(order) for order in orders]
        honest_calls_while(sieges, lambda: any(each.goes_on() for each in floods))
        outcomes = [each.outcome() for each in floods]
        for siege, each in zip(sieges, outcomes, strict=True):
            siege.note = (
                f"{each.records} records on {each.connections} connections, "
                f"of which one lasted {each.longest_seconds:.1f} s"
            )
    longest = max(each.longest_seconds for each in outcomes)
    assert all(each.records for each in outcomes), "a flood worth the name"
    assert longest <= LIMIT_SECONDS + SLACK_SECONDS, outcomes
    if case in WITHOUT_DATA:
        assert longest < LIMIT_SECONDS / 2, "the number of records ended it, not the limit"
