"""What a caller does who is told to come back: it comes back.

503 Service Unavailable, RFC 9110 §15.6.4, and Retry-After, §10.2.3 (https://www.rfc-editor.org/rfc/rfc9110).
On a machine with much to do the status of a certificate may come too late for one call, and not for the next.
"""

import time
from collections.abc import Callable

from workshop.wire import Exchange

UNAVAILABLE = 503
ATTEMPTS = 8


def is_put_off(exchange: Exchange) -> bool:
    """Whether it was neither served nor refused: the caller is told when to come back."""
    return exchange.status == UNAVAILABLE and exchange.headers.get("retry-after", "").isdigit()


def patiently(call: Callable[[], Exchange], sleep: Callable[[float], None] = time.sleep) -> Exchange:
    """Call, and again for as long as the caller is put off, some times at most. Returns the last answer."""
    exchange = call()
    for _ in range(ATTEMPTS - 1):
        if not is_put_off(exchange):
            break
        sleep(float(exchange.headers["retry-after"]))
        exchange = call()
    return exchange
