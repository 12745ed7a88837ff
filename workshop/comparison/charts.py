"""Bar charts as SVG, drawn with nothing but text: they stand in the page itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# Told apart also without colours, by their order and the legend; by Okabe and Ito for the colour-blind.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
WIDTH, LABELS, VALUES = 860, 210, 110
BAR, GAP, TOP, LEGEND = 20, 12, 8, 28
CHARACTER = 7.2


@dataclass(frozen=True)
class Bar:
    """One row. parts: a value for each part of the legend. value: what is written behind."""

    label: str
    parts: Sequence[float]
    value: str


def chart(title: str, legend: Sequence[str], bars: Sequence[Bar], colours: Sequence[str] = COLOURS) -> str:
    """The chart: a bar a row, its parts behind one another."""
    longest = max((sum(bar.parts) for bar in bars), default=0) or 1
    scale = (WIDTH - LABELS - VALUES) / longest
    height = TOP + LEGEND + len(bars) * (BAR + GAP)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" font-size="13">',
        *_legend(legend, colours),
    ]
    for number, bar in enumerate(bars):
        parts += _bar(bar, TOP + LEGEND + number * (BAR + GAP), scale, legend, colours)
    return "".join([*parts, "</svg>"])


def _legend(legend: Sequence[str], colours: Sequence[str]) -> list[str]:
    parts, x = [], float(LABELS)
    for name, colour in zip(legend, colours, strict=False):
        parts.append(f'<rect x="{x:.0f}" y="{TOP}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17:.0f}" y="{TOP + 11}" fill="#333">{escape(name)}</text>')
        x += 17 + CHARACTER * len(name) + 22
    return parts


def _bar(bar: Bar, y: float, scale: float, legend: Sequence[str], colours: Sequence[str]) -> list[str]:
    middle, x = y + BAR * 0.72, float(LABELS)
    parts = [
        f'<text x="{LABELS - 10}" y="{middle:.1f}" text-anchor="end" fill="#111">{escape(bar.label)}</text>'
    ]
    for name, value, colour in zip(legend, bar.parts, colours, strict=False):
        width = value * scale
        parts.append(
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}">'
            f"<title>{escape(name)}: {value:,.2f}</title></rect>"
        )
        x += width
    parts.append(f'<text x="{x + 7:.1f}" y="{middle:.1f}" fill="#333">{escape(bar.value)}</text>')
    return parts
