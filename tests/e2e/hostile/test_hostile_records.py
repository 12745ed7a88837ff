"""TLS records that move nothing, sent without a pause: KeyUpdates, empty records, records of one byte."""

import pytest

from tests.e2e.hostile.conftest import Besieging
from tests.e2e.hostile.target import Target
from tests.record_floods import FLOODS, WITHOUT_DATA, Flooding, Order

FLOODERS = 2
FLOOD_SECONDS = 2

# No phase that such a flood can be in has a longer limit; the rest is for the machine.
LIMIT_SECONDS = 10
SLACK_SECONDS = 2


@pytest.mark.clause("RFC 8446 §5.1")
@pytest.mark.parametrize("case", FLOODS)
def test_a_flood_of_records_keeps_no_caller_out_and_ends_at_the_limit(
    tls_target: Target, besieging: Besieging, case: str
) -> None:
    order = Order(tls_target.port, str(tls_target.trust_bundle), case, FLOOD_SECONDS)
    with besieging(case, tls_target) as siege:
        floods = [Flooding(order) for _ in range(FLOODERS)]
        siege.honest_calls_while(lambda: any(each.goes_on() for each in floods))
        outcomes = [each.outcome() for each in floods]
        longest = max(each.longest_seconds for each in outcomes)
        connections = sum(each.connections for each in outcomes)
        records = sum(each.records for each in outcomes)
        siege.note = f"{records} records on {connections} connections, of which one lasted {longest:.1f} s"
    assert all(each.records for each in outcomes), "a flood worth the name"
    assert longest <= LIMIT_SECONDS + SLACK_SECONDS, outcomes
    if case in WITHOUT_DATA:
        assert longest < LIMIT_SECONDS / 2, "the number of records ended it, not the limit"
