"""Writes ``docs/diagrams/*.svg``: the parties, and the messages of each mechanism.

Plain SVG with text, for light and dark backgrounds. The width of a text is estimated generously, so that
labels do not overlap in any font; ``tests/tools/test_diagrams.py`` checks the result.
"""

import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tools.pages import generate

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "diagrams"

# Pixels. CHARACTER: wider than an average character of the fonts that browsers use.
FONT, LINE, CHARACTER = 13, 17, 7.0
MARGIN, PADDING = 16, 8

_STYLE = """
  svg { --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --box: #eaeef2; --note: #fff3d1; --bad: #c21c2c }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6edf3; --soft: #9aa4af; --paper: #0d1117; --box: #262c36; --note: #3d3011; --bad: #ff8080 }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink) }
  .title { font-weight: 600 }
  .soft { fill: var(--soft) }
  .paper { fill: var(--paper) }
  .box { fill: var(--box); stroke: var(--soft) }
  .group { fill: none; stroke: var(--soft); stroke-dasharray: 3 4 }
  .note { fill: var(--note); stroke: var(--soft) }
  .life { stroke: var(--soft); stroke-dasharray: 2 4 }
  .arrow { stroke: var(--ink); stroke-width: 1.4; fill: none }
  .head { fill: var(--ink) }
  .refused { fill: var(--bad); stroke: var(--bad) }
  text.refused { stroke: none }
"""


@dataclass(frozen=True)
class Message:
    """An arrow from one participant to another. refused: drawn as a refusal. answer: with a dashed line."""

    source: str
    target: str
    text: str
    answer: bool = False
    refused: bool = False


@dataclass(frozen=True)
class Note:
    """What one participant does by itself. wide: over so many columns, from its own to the right."""

    participant: str
    text: str
    wide: int = 1


@dataclass(frozen=True)
class SequenceDiagram:
    """A sequence diagram. participants: by name, each with its second line, such as a folder."""

    title: str
    participants: dict[str, str]
    steps: Sequence[Message | Note]
    column: int = 210


@dataclass(frozen=True)
class Label:
    """A text as it is drawn. x, y: the middle of its first line. Its width is estimated."""

    x: float
    y: float
    lines: tuple[str, ...]
    style: str = ""

    @property
    def width(self) -> float:
        """Of the longest line."""
        return max(map(len, self.lines)) * CHARACTER

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        top = self.y - FONT
        return self.x - self.width / 2, top, self.x + self.width / 2, top + len(self.lines) * LINE


class Canvas:
    """Collects the elements of a diagram, and the labels for the check of overlaps."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.labels: list[Label] = []
        self._shapes: list[str] = []

    def rectangle(self, left: float, top: float, width: float, height: float, style: str) -> None:
        """A box with round corners."""
        self._shapes.append(
            f'<rect class="{style}" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="4"/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str, dashed: bool = False) -> None:
        """A straight line."""
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self._shapes.append(f'<line class="{style}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"{dash}/>')

    def head(self, x: float, y: float, dx: int, dy: int, style: str = "") -> None:
        """The head of an arrow that points into the direction (dx, dy): one of the four axes."""
        back_x, back_y = x - 9 * dx, y - 9 * dy
        points = (
            f"{x:g},{y:g} {back_x + 4 * dy:g},{back_y + 4 * dx:g} {back_x - 4 * dy:g},{back_y - 4 * dx:g}"
        )
        self._shapes.append(f'<polygon class="head {style}" points="{points}"/>'.replace(' "', '"'))

    def text(self, x: float, y: float, lines: Sequence[str], style: str = "") -> None:
        """Lines of text around x, the first one at y."""
        label = Label(x, y, tuple(lines), style)
        self.labels.append(label)
        attribute = f' class="{style}"' if style else ""
        spans = "".join(
            f'<tspan x="{x:g}" y="{y + LINE * number:g}">{escape(line)}</tspan>'
            for number, line in enumerate(lines)
        )
        self._shapes.append(f'<text{attribute} text-anchor="middle">{spans}</text>')

    def svg(self, width: float, height: float) -> str:
        """The document."""
        shapes = "\n".join(self._shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img" aria-labelledby="title">\n'
            f"<!-- Generated by python -m tools.diagrams. Do not edit. -->\n"
            f'<title id="title">{escape(self.title)}</title>\n<style>{_STYLE}</style>\n'
            f'<rect class="paper" width="100%" height="100%"/>\n{shapes}\n</svg>\n'
        )


def wrap(text: str, width: float) -> list[str]:
    """The lines of a text that are at most so many pixels wide."""
    return textwrap.wrap(text, int(width / CHARACTER), break_long_words=False, break_on_hyphens=False)


def draw_sequence(diagram: SequenceDiagram) -> tuple[Canvas, str]:
    """The canvas, and the document."""
    canvas = Canvas(diagram.title)
    names = list(diagram.participants)
    centre = {name: MARGIN + diagram.column * (number + 0.5) for number, name in enumerate(names)}
    head_height = 2 * LINE + PADDING
    width = 2 * MARGIN + diagram.column * len(names)
    # First the heights, for the life lines lie below everything else.
    heights = [_height(diagram, centre, step) for step in diagram.steps]
    bottom = MARGIN + head_height + sum(heights) + MARGIN
    for name, second in diagram.participants.items():
        canvas.line(centre[name], MARGIN + head_height, centre[name], bottom, "life")
        box = diagram.column - 24
        canvas.rectangle(centre[name] - box / 2, MARGIN, box, head_height, "box")
        canvas.text(centre[name], MARGIN + LINE, [name], "title")
        canvas.text(centre[name], MARGIN + 2 * LINE, [second], "soft")
    y = float(MARGIN + head_height)
    for step, height in zip(diagram.steps, heights, strict=True):
        if isinstance(step, Note):
            _draw_note(canvas, diagram, centre, step, y)
        else:
            _draw_message(canvas, centre, step, y, height)
        y += height
    return canvas, canvas.svg(width, bottom)


def _note_lines(diagram: SequenceDiagram, note: Note) -> list[str]:
    return wrap(note.text, diagram.column * note.wide - 24 - 2 * PADDING)


def _message_lines(centre: dict[str, float], message: Message) -> list[str]:
    return wrap(message.text, abs(centre[message.source] - centre[message.target]) - 24)


def _height(diagram: SequenceDiagram, centre: dict[str, float], step: Message | Note) -> float:
    if isinstance(step, Note):
        return len(_note_lines(diagram, step)) * LINE + 2 * PADDING + 12
    return len(_message_lines(centre, step)) * LINE + 22


def _draw_note(
    canvas: Canvas, diagram: SequenceDiagram, centre: dict[str, float], note: Note, top: float
) -> None:
    lines = _note_lines(diagram, note)
    width = diagram.column * note.wide - 24
    left = centre[note.participant] - diagram.column / 2 + 12
    canvas.rectangle(left, top + 10, width, len(lines) * LINE + PADDING, "note")
    canvas.text(left + width / 2, top + 10 + LINE, lines)


def _draw_message(
    canvas: Canvas, centre: dict[str, float], message: Message, top: float, height: float
) -> None:
    source, target = centre[message.source], centre[message.target]
    direction = 1 if target > source else -1
    style = "refused" if message.refused else ""
    arrow = top + height - 4
    lines = _message_lines(centre, message)
    half = max(map(len, lines)) * CHARACTER / 2
    canvas.rectangle((source + target) / 2 - half, top + 6, 2 * half, len(lines) * LINE, "paper")
    canvas.text((source + target) / 2, top + LINE + 4, lines, style)
    canvas.line(source, arrow, target - 6 * direction, arrow, f"arrow {style}".strip(), message.answer)
    canvas.head(target, arrow, direction, 0, style)


def draw_parties() -> tuple[Canvas, str]:
    """Who is there, what each holds, and who talks to whom."""
    canvas = Canvas("The parties, what each holds, and how they talk to one another")

    def party(left: float, top: float, height: float, name: str, holds: str, below: float = 0) -> None:
        """below: how far under the top its name is."""
        canvas.rectangle(left, top, 300, height, "group")
        canvas.text(left + 150, top + 20 + below, [name], "title")
        canvas.text(left + 150, top + 20 + below + LINE, wrap(holds, 300 - 2 * PADDING), "soft")

    def service(left: float, top: float, name: str, second: str) -> None:
        canvas.rectangle(left, top, 240, 48, "box")
        canvas.text(left + 120, top + 20, [name], "title")
        canvas.text(left + 120, top + 20 + LINE, [second], "soft")

    def across(y: float, left: float, right: float, text: str, back: bool = False) -> None:
        canvas.text((left + right) / 2, y - 8, [text])
        canvas.line(left + 6 * back, y, right - 6 * (not back), y, "arrow")
        canvas.head(left if back else right, y, -1 if back else 1, 0)

    def upright(x: float, top: float, bottom: float, lines: Sequence[str], beside: float) -> None:
        canvas.line(x, bottom, x, top + 6, "arrow")
        canvas.head(x, top, 0, -1)
        canvas.text(x + beside, (top + bottom) / 2 - (len(lines) - 2) * LINE / 2, lines)

    party(MARGIN, 16, 136, "Scheme operator", "holds the authority's keys and the register")
    service(46, 88, "ca", "EST :8440, OCSP and CRLs :8480")
    party(MARGIN, 272, 130, "Partner", "holds its own key and its tokens", below=70)
    service(46, 290, "partner_client", "calls without a human")
    party(596, 16, 386, "Bank", "holds signing keys, registered clients, accounts")
    service(626, 88, "authserver", "issues bound tokens :8441")
    service(626, 290, "bank_api", "verifies token and binding :8442")
    party(MARGIN, 434, 70, "Thief", "holds a stolen token and a valid certificate of its own")

    across(104, 286, 626, "certificate status: OCSP", back=True)
    upright(96, 136, 290, ["enroll, renew:", "EST"], 56)
    across(314, 286, 626, "2. API call with the token: mTLS")
    for x1, y1, x2, y2 in (
        (240, 290, 240, 200),
        (240, 200, 560, 200),
        (560, 200, 560, 122),
        (560, 122, 620, 122),
    ):
        canvas.line(x1, y1, x2, y2, "arrow")
    canvas.head(626, 122, 1, 0)
    canvas.text(430, 222, ["1. token request: mTLS"])
    upright(720, 136, 290, ["keys, status lists,", "introspection"], 72)
    canvas.line(316, 470, 746, 470, "arrow refused")
    canvas.line(746, 470, 746, 344, "arrow refused")
    canvas.head(746, 338, 0, -1, "refused")
    canvas.text(531, 462, ["stolen token: refused, 401"], "refused")
    return canvas, canvas.svg(912, 520)


TOKEN_REQUEST = SequenceDiagram(
    "A token request",
    {
        "Partner": "partner_client",
        "TLS front": "sender_constraint/tls",
        "Authorization server": "authserver/tokens",
        "Authority": "ca/status",
    },
    [
        Message("Partner", "TLS front", "TLS handshake with the client certificate"),
        Note("TLS front", "accepts any certificate: TLS proves possession of its key, nothing else"),
        Message("Partner", "TLS front", "POST /token"),
        Message("TLS front", "Authorization server", "request within limits of time and size"),
        Note("Authorization server", "parses the form; authenticates the client by its registered method"),
        Message("Authorization server", "Authority", "OCSP with nonce"),
        Message("Authority", "Authorization server", "good (cached for less than 5\u00a0s)", answer=True),
        Note("Authorization server", "checks validity, purpose, chain and registered name"),
        Note("Authorization server", "grant, resource, scope; then the binding that was registered"),
        Note("Authorization server", "signs the token with cnf.x5t#S256; records it; writes token.issued"),
        Message("Authorization server", "Partner", "access token, bound to this certificate", answer=True),
    ],
)

API_CALL = SequenceDiagram(
    "An API call, by the partner and by a thief",
    {
        "Thief": "own valid certificate",
        "Partner": "partner_client",
        "API": "bank_api",
        "Bank and authority": "authserver, ca",
    },
    [
        Message("Partner", "API", "GET /accounts with the token, on a connection with its certificate"),
        Message("API", "Bank and authority", "in the background: keys, token status, OCSP"),
        Note("API", "verifies the token: signature, issuer, audience, times; not revoked"),
        Note("API", "verifies the binding: certificate of the connection equals cnf.x5t#S256; not revoked"),
        Message("API", "Partner", "200", answer=True),
        Message("Thief", "API", "the same token, on a connection with another certificate"),
        Note("API", "another thumbprint: rule binding.certificate, RFC\u00a08705\u00a0§3; audit event"),
        Message("API", "Thief", "401 invalid_token", answer=True, refused=True),
    ],
)

ROTATION = SequenceDiagram(
    "A rotation: make before break",
    {
        "Worker": "in the background",
        "Caller": "each calling process",
        "Authority": "ca/enrolment",
        "Bank": "authserver, bank_api",
    },
    [
        Note("Worker", "last third of the lifetime: makes a new key and a request"),
        Message("Worker", "Authority", "POST /simplereenroll, with the certificate to replace"),
        Message("Authority", "Worker", "new certificate", answer=True),
        Note("Worker", "writes the generation, verifies it, publishes it by one rename of the link current"),
        Message("Caller", "Bank", "calls continue on the old certificate and token"),
        Note("Caller", "notices the new generation; prepares connections"),
        Message("Caller", "Bank", "token request with the new certificate"),
        Message("Bank", "Caller", "token, bound to the new certificate", answer=True),
        Note("Caller", "swaps; calls in progress finish on the old connections"),
        Message("Caller", "Bank", "calls with the new certificate and token"),
    ],
)

REVOCATION = SequenceDiagram(
    "A revocation",
    {
        "Operator": "manage.py revoke",
        "Authority": "ca/status",
        "Bank": "authserver, bank_api",
        "Caller": "any connection",
    },
    [
        Message("Bank", "Authority", "OCSP with nonce, in the background"),
        Message("Authority", "Bank", "good: valid for REVOCATION_SECONDS (5) from the request", answer=True),
        Message("Caller", "Bank", "call on an open connection"),
        Message("Bank", "Caller", "200", answer=True),
        Message("Operator", "Authority", "revoke SERIAL"),
        Note("Authority", "register updated; new revocation list; renewal refused"),
        Message("Bank", "Authority", "OCSP with nonce: within 5\u00a0s"),
        Message("Authority", "Bank", "revoked", answer=True),
        Message("Caller", "Bank", "call on the same connection, same token"),
        Message("Bank", "Caller", "401, rule certificate.revoked", answer=True, refused=True),
        Note("Bank", "authority down for longer than 5\u00a0s: 503, rule certificate.status-stale", wide=2),
    ],
)

DIAGRAMS: dict[str, Callable[[], tuple[Canvas, str]]] = {
    "parties": draw_parties,
    "token-request": lambda: draw_sequence(TOKEN_REQUEST),
    "api-call": lambda: draw_sequence(API_CALL),
    "rotation": lambda: draw_sequence(ROTATION),
    "revocation": lambda: draw_sequence(REVOCATION),
}


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    files = {FOLDER / f"{name}.svg": _document(draw) for name, draw in DIAGRAMS.items()}
    return generate("tools.diagrams", files, arguments)


def _document(draw: Callable[[], tuple[Canvas, str]]) -> Callable[[], str]:
    return lambda: draw()[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
