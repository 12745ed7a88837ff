"""The results as tables: the terminal and the page show the same ones."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workshop.comparison.facts import FACTS
from workshop.comparison.measuring import COLD, COLD_STEPS, PAY, READ, WARM_STEPS, Measured
from workshop.comparison.results import Results
from workshop.comparison.revocations import API, CERTIFICATE, TOKEN, TOKEN_ENDPOINT, Ended
from workshop.comparison.thefts import Tried

REFUSED = "*"
"""Behind a figure of a payment that the API refuses: this bank takes no payment with a bearer token."""


@dataclass(frozen=True)
class Table:
    """A title, the heads of the columns, the rows, and what has to be said of them."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def tables(results: Results) -> list[Table]:
    """All of them."""
    return [
        _octets(results),
        _round_trips(results),
        _processor_time(results),
        _thefts(results),
        _revocations(results),
        _seconds_of_theft(results),
        _rotation(results),
        _taking_on(results),
        _software(results),
    ]


def _octets(results: Results) -> Table:
    cold, warm = (results.baseline.whole(steps).octets for steps in (COLD_STEPS, WARM_STEPS))
    rows = []
    for each in results.measured:
        mark = _mark(each)
        rows.append(
            [
                each.method.title,
                *(_thousands(each.step(name).octets) for name in ("token", "accounts")),
                _thousands(each.step("payment").octets) + mark,
                _times(each.whole(COLD_STEPS).octets, cold) + mark,
                _thousands(each.step("accounts again").octets),
                _thousands(each.step("payment again").octets) + mark,
                _times(each.whole(WARM_STEPS).octets, warm) + mark,
            ]
        )
    return Table(
        "Octets on the wire, TLS and both ways",
        (
            "method",
            "new: token",
            "new: accounts",
            "payment",
            "new: ratio",
            "open: accounts",
            "open: payment",
            "open: ratio",
        ),
        rows,
        "New: on new connections, with a new token. Open: on open connections, with a token at hand. Ratios "
        f"are those to {results.baseline.method.title}. {REFUSED} The payment is refused: this bank takes an "
        "unbound token on one route alone, to show what stealing it is worth.",
    )


def _round_trips(results: Results) -> Table:
    return Table(
        "Round trips, TCP's handshakes included",
        ("method", "new: token", "new: accounts", "payment", "new: all", "open: all", "octets among servers"),
        [
            [
                each.method.title,
                *(str(each.step(name).round_trips) for name in COLD_STEPS),
                str(each.whole(COLD_STEPS).round_trips),
                str(each.whole(WARM_STEPS).round_trips),
                _thousands(round(each.loads[COLD].octets_between_servers())),
            ]
            for each in results.measured
        ],
        "The fewest of all rounds. Octets among servers: what passes between API and authorization server, "
        "a business call with a new token: introspection, and the status list that the API keeps fresh for "
        "all calls.",
    )


def _processor_time(results: Results) -> Table:
    base = results.baseline
    kinds = (("read", READ), ("pay", PAY), ("new", COLD))
    others = [each for each in results.measured if each is not base]
    rows = []
    for each in results.measured:
        row = [each.method.title]
        for _, kind in kinds:
            mark = "" if kind == READ else _mark(each)
            load, other = each.loads[kind], base.loads[kind]
            row.append(f"{load.client_ratio(other):.2f}{mark}")
            row.append(f"{load.servers_ratio(other):.2f}{mark}")
        rows.append(row)
    columns = [f"{word}: {side}" for word, _ in kinds for side in ("client", "servers")]
    spread = statistics.median(_spread(each.loads[READ].servers_ratios(base.loads[READ])) for each in others)
    unit = ", ".join(
        f"{word} {base.loads[kind].client():.2f} and {base.loads[kind].servers():.2f}" for word, kind in kinds
    )
    return Table(
        "Processor time a call",
        ("method", *columns),
        rows,
        f"Ratios to {base.method.title} in the same round, the median of all rounds. Read and pay: on open "
        f"connections; new: token, accounts and payment on new ones. 1.00 was at least, in milliseconds of "
        f"client and servers: {unit}. Half of the rounds had the servers' ratio of a reading within "
        f"{spread:.2f} of one another, in the middle of all methods: nearer to 1 is no difference. "
        f"{REFUSED} Refused, and so nothing is booked.",
    )


def _thefts(results: Results) -> Table:
    rows = [
        [each.method.title, tried.theft.taken, tried.theft.what, tried.outcome, _why(tried)]
        for each in results.measured
        for tried in results.tried[each.method.name]
    ]
    return Table(
        "What the thief gets: each attempt was made",
        ("method", "the thief has", "and sends it", "answer", "why, in the bank's audit trail"),
        rows,
    )


def _revocations(results: Results) -> Table:
    rows = [
        [
            each.method.title,
            *(
                _end(results.ended_at(each.method.name, revoked, where))
                for revoked, where in ((TOKEN, API), (CERTIFICATE, API), (CERTIFICATE, TOKEN_ENDPOINT))
            ),
        ]
        for each in results.measured
    ]
    return Table(
        "Revoked: seconds until no call was served any more",
        ("method", "token: API", "certificate: API", "certificate: token endpoint"),
        rows,
        "On connections that were open. The certificate is the partner's, of the scheme; who shows none of "
        "the scheme is not touched.",
    )


def _seconds_of_theft(results: Results) -> Table:
    rows = []
    for each in results.measured:
        seconds = results.seconds_of_theft(each.method.name)
        rows.append([each.method.title, seconds["token"], seconds["request"], seconds["key"]])
    return Table(
        "For how long a thief can use what it has",
        ("method", "the token", "an overheard request", "token and key"),
        rows,
        "Token and key: the token until its lifetime ends, or the seconds measured after a revocation.",
    )


def _rotation(results: Results) -> Table:
    rows = []
    for each in results.measured:
        count = results.rotation(each)
        rows.append(
            [
                each.method.title,
                FACTS[each.method.name].turns,
                _thousands(count.octets),
                str(count.round_trips),
            ]
        )
    return Table(
        "What a rotation costs",
        ("method", "what is made anew", "octets", "round trips"),
        rows,
        "Octets and round trips to both servers, for each process that calls and each of its connections, as "
        "measured above; what passes to the certificate authority is not in them. A bearer token outlives "
        "the certificate, which the next token request shows.",
    )


def _taking_on(results: Results) -> Table:
    rows = []
    for each in results.measured:
        facts = FACTS[each.method.name]
        rows.append([each.method.title, _listed(facts.steps), _listed(facts.artefacts)])
    return Table("Until a partner is taken on", ("method", "steps", "artefacts"), rows)


def _software(results: Results) -> Table:
    rows = [[each.method.title, _listed(FACTS[each.method.name].software)] for each in results.measured]
    return Table("What the client's software must be able to do", ("method", "beside HTTPS and a form"), rows)


def _listed(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _why(tried: Tried) -> str:
    return "" if tried.rule is None else f"{tried.rule}, {tried.section}"


def _end(ended: Ended) -> str:
    if ended.seconds is None:
        return "served still"
    return f"{ended.seconds:.1f} s: {ended.outcome}"


def _spread(ratios: Sequence[float]) -> float:
    """Between the first and the third quartile."""
    if len(ratios) < 2:
        return 0.0
    first, _, third = statistics.quantiles(ratios, n=4, method="inclusive")
    return third - first


def _mark(measured: Measured) -> str:
    return REFUSED if measured.method.bound_to == "nothing" else ""


def _times(value: float, base: float) -> str:
    return f"{value / base:.2f}" if base else "-"


def _thousands(number: int) -> str:
    return f"{number:,}"
