"""The results as one page of HTML that needs nothing else: no script, no font, no picture from elsewhere."""

from collections.abc import Iterable, Sequence
from html import escape

from workshop.comparison.charts import COLOURS, Bar, chart
from workshop.comparison.measuring import COLD_STEPS, PAY, READ, WARM_STEPS, Measured
from workshop.comparison.results import Results
from workshop.comparison.revocations import API, CERTIFICATE, TOKEN, Ended
from workshop.comparison.tables import REFUSED, Table, tables

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #111; background: #fff; max-width: 62rem;
       margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
p { max-width: 46rem; } p.machine, p.note { color: #444; font-size: .9rem; }
svg { width: 100%; height: auto; display: block; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid #ddd; }
th { font-weight: 600; color: #333; border-bottom: 2px solid #999; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:first-child { white-space: nowrap; }
tr.served td { background: #fdecea; }
"""


def page(results: Results) -> str:
    """The page."""
    machine = results.machine
    verdict = (
        "Every call, theft and revocation came out as it must."
        if not results.unexpected
        else f"NOT as it must be: {'; '.join(results.unexpected)}"
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Side by side</title><style>{_STYLE}</style></head><body>",
        "<h1>Every way to bind a token to its sender, side by side</h1>",
        f'<p class="machine">{escape(results.command)}: {escape(str(machine["processor"]))}, '
        f"{machine['processors']} processors, {escape(str(machine['system']))}, Python "
        f"{escape(str(machine['python']))}. Seconds and processor time are of this machine and this run.</p>",
        f"<p>The same business call, reading the accounts and paying, in each way. {escape(verdict)}</p>",
    ]
    drawn = _charts(results)
    for table in tables(results):
        parts.append(f"<h2>{escape(table.title)}</h2>")
        parts += drawn.get(table.title, [])
        parts.append(_html(table))
    return "\n".join([*parts, "</body></html>", ""])


def _charts(results: Results) -> dict[str, list[str]]:
    """By the title of the table before which they stand."""
    octets, round_trips, processor, _, revoked, *_ = (table.title for table in tables(results))
    measured = results.measured
    return {
        octets: [
            "<p>A business call on new connections, with a new token:</p>",
            chart(
                "octets, new", ("token", "accounts", "payment"), [_octets(e, COLD_STEPS) for e in measured]
            ),
            "<p>The same on open connections:</p>",
            chart(
                "octets, open",
                ("accounts", "payment"),
                [_octets(each, WARM_STEPS) for each in measured],
                COLOURS[1:],  # of the same parts as above
            ),
        ],
        round_trips: [
            chart(
                "round trips, new",
                ("token", "accounts", "payment"),
                [_round_trips(each) for each in measured],
            )
        ],
        processor: [
            "<p>Milliseconds of processor time for accounts and payment on open connections:</p>",
            chart(
                "processor time", ("client", *results.servers), [_time(results, each) for each in measured]
            ),
        ],
        revoked: [
            "<p>Seconds until the API served nobody any more:</p>",
            chart(
                "seconds until refused",
                ("token revoked", "certificate revoked"),
                [bar for each in measured for bar in _seconds(results, each)],
            ),
        ],
    }


def _mark(measured: Measured) -> str:
    return REFUSED if measured.method.bound_to == "nothing" else ""


def _octets(measured: Measured, steps: tuple[str, ...]) -> Bar:
    values = [measured.step(name).octets for name in steps]
    return Bar(measured.method.title, values, f"{sum(values):,}{_mark(measured)}")


def _round_trips(measured: Measured) -> Bar:
    values = [measured.step(name).round_trips for name in COLD_STEPS]
    return Bar(measured.method.title, values, str(sum(values)))


def _time(results: Results, measured: Measured) -> Bar:
    loads = [measured.loads[READ], measured.loads[PAY]]
    values = [
        sum(load.client() for load in loads),
        *(sum(load.server(name) for load in loads) for name in results.servers),
    ]
    return Bar(measured.method.title, values, f"{sum(values):.1f}{_mark(measured)}")


def _seconds(results: Results, measured: Measured) -> list[Bar]:
    """Two bars, under one another."""
    token, certificate = (
        results.ended_at(measured.method.name, revoked, API) for revoked in (TOKEN, CERTIFICATE)
    )
    return [
        Bar(measured.method.title, (token.seconds or 0.0, 0.0), _said(token)),
        Bar("", (0.0, certificate.seconds or 0.0), _said(certificate)),
    ]


def _said(ended: Ended) -> str:
    return "served still" if ended.seconds is None else f"{ended.seconds:.1f} s"


def _html(table: Table) -> str:
    kinds = ["number" if all(map(_is_number, cells)) else "words" for cells in zip(*table.rows, strict=True)]
    heads = _cells("th", zip(table.columns, kinds, strict=True))
    rows = "".join(
        f"<tr{_served(row)}>{_cells('td', zip(row, kinds, strict=True))}</tr>" for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{note}'
    )


def _served(row: Sequence[str]) -> str:
    return ' class="served"' if "200" in row else ""


def _cells(tag: str, cells: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<{tag} class="{kind}">{escape(text)}</{tag}>' for text, kind in cells)


def _is_number(text: str) -> bool:
    return text.rstrip(REFUSED).replace(",", "").replace(".", "").isdigit()
