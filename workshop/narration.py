"""What the audience reads: acts, calls, refusals and tables, on a terminal or in a file."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule as Line
from rich.table import Table

WIDTH_OF_A_FILE = 132


@dataclass(frozen=True)
class Refused:
    """Why a call was refused: from the server's audit trail, and never from the one who tells of it.

    because: expected beside presented, and what comparing them shows; told only to who asked for more words.
    """

    error: str
    rule: str
    section: str
    because: tuple[str, ...] = ()


class Narrator:
    """Tells the story.

    explain: tell more about each step.
    pause: wait for a key between acts.
    """

    def __init__(self, *, explain: bool = False, pause: bool = False) -> None:
        width = None if sys.stdout.isatty() else WIDTH_OF_A_FILE
        self.console = Console(width=width, highlight=False)
        self._explain = explain
        self._pause = pause
        self._parts = 0

    def act(self, number: int, title: str) -> None:
        """Open an act."""
        self.part(f"Act {number}. {title}")

    def part(self, title: str) -> None:
        """Open a part of the story."""
        if self._pause and self._parts:
            with suppress(EOFError):  # nobody is there to press a key
                self.console.input("[dim]Press Enter to go on.[/] ")
        self._parts += 1
        self.console.print()
        self.console.print(Line(f"[bold]{escape(title)}[/]", align="left"))

    def say(self, text: str) -> None:
        """Say what everybody should hear."""
        self.console.print(escape(text))

    def explain(self, text: str) -> None:
        """Say what only those who asked for more words should hear."""
        if self._explain:
            self.console.print(f"  [italic cyan]{escape(text)}[/]")

    def facts(self, facts: Mapping[str, Any]) -> None:
        """Show names beside values."""
        table = Table.grid(padding=(0, 2))
        for name, value in facts.items():
            table.add_row(f"  [dim]{escape(name)}[/]", escape(str(value)))
        self.console.print(table)

    def call(
        self,
        who: str,
        whom: str,
        method: str,
        path: str,
        outcome: str,
        *,
        thumbprint: str | None,
        refused: Refused | None = None,
        wanted: bool = True,
        answered: bool = True,
    ) -> None:
        """Show one call: who, whom, method, path, status, the caller's thumbprint, and why it was refused.

        outcome: the status, or how TLS ended it. wanted: whether it came out as it should.
        answered: False where TLS ended it: then no certificate was accepted, and none is told.
        """
        mark = "[green]✓[/]" if wanted else "[red]✗[/]"
        shown = f"  [dim]{f'certificate {thumbprint}' if thumbprint else 'no certificate'}[/]"
        colour = "yellow" if refused else "green"
        self.console.print(
            f"  {mark} [bold]{escape(who)}[/] → {escape(whom)}  {method} {escape(path)}  "
            f"[{colour}]{escape(outcome)}[/]{shown if answered else ''}",
            soft_wrap=True,
        )
        if refused:
            self.console.print(
                f"      {escape(refused.error)}: rule [bold]{escape(refused.rule)}[/], "
                f"{escape(refused.section)}",
                soft_wrap=True,
            )
            for reason in refused.because if self._explain else ():
                self.console.print(f"      [italic cyan]{escape(reason)}[/]", soft_wrap=True)

    def remark(self, text: str) -> None:
        """Add to the call before."""
        self.console.print(f"      [dim]{escape(text)}[/]", soft_wrap=True)

    def command(self, line: str, told: Iterable[str]) -> None:
        """Show a command that somebody ran, and what it printed."""
        self.console.print(f"  [bold]$ {escape(line)}[/]", soft_wrap=True)
        for each in told:
            self.remark(each)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a table."""
        table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int, str], None]]:
        """A bar on a terminal, for what takes its time; gives a function that takes count and remark."""
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
        remark = TextColumn("[dim]{task.fields[remark]}[/]")
        with Progress(
            *columns,
            TimeElapsedColumn(),
            remark,
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        ) as bar:
            task = bar.add_task(what, total=total, remark="")
            yield lambda completed, text: bar.update(task, completed=completed, remark=text)
