"""What expires at the authority besides its certificates."""

from collections.abc import Iterator

from ca.status.authorities import status_authorities
from ca.status.lists import latest_list
from operations.expiries.levels import Expiry


def revocation_lists() -> Iterator[Expiry]:
    """The latest list of each authority, which ends at its ``nextUpdate`` (RFC 5280 §5.1.2.5)."""
    for authority in status_authorities():
        latest = latest_list(authority)
        name, what = f"crl-{authority.name}", f"revocation list of the {authority.name} authority"
        if latest is None:
            yield Expiry(name, what, None, None, "not published yet")
        else:
            yield Expiry(name, what, latest.this_update, latest.next_update, f"number {latest.number}")
