"""All that the command reads and writes: data on stdout, talk on stderr, questions only at a terminal.

Law: every text passes through `safe` (`lpa.rsp.display`) on its way out, and none is without end: it may come
from a card or a server.
"""

from __future__ import annotations

import getpass
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from lpa.errors import Declined
from lpa.rsp.display import brief, safe, safe_json

if TYPE_CHECKING:
    from rich.table import Table

# Names and values; a value may have several lines.
Facts = Iterable[tuple[str, str | Iterable[str]]]
# A cell of a table, or a line: a text, or a text and its style ("green", "dim", "red", "bold").
Cell = str | tuple[str, str]

_WIDE_AS_NEEDED = 10_000  # columns, where nobody looks: a pipe must not depend on a window
_LONGEST_LINE, _LONGEST_CELL = 2_000, 500  # signs: more push off the screen what matters; --json has them
_NARROWEST = 8  # columns for a name
_WHOLE = ("ICCID", "State", "Number", "Event")  # stay on one line where the window is narrow


class Screen:
    """Where a command shows its result. With `json` only the document goes to stdout.

    `command`: which one runs, as "notifications send"; empty until that is known. `verbose`: somebody looks
    for a mistake of ours. `unwritten`: why a part of the result could not be written, where it was wanted.
    """

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.command = ""
        self.verbose = False
        self.unwritten: OSError | None = None
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # for terminals that lack a sign

    def line(self, *cells: Cell) -> None:
        """A line on stdout."""
        if not self.json:
            self._write(sys.stdout, "".join(_styled(cell) for cell in cells))

    def facts(self, facts: Facts) -> None:
        """Names and values on stdout. A fact without a value is left out."""
        for line in _aligned(facts):
            self.line(line)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """A table on stdout, if there are any rows. In a pipe no cell is broken into lines."""
        rows = list(rows)
        if rows and not self.json:
            self._write(sys.stdout, _table(headings, rows))

    def bar(self, full: int, free: int) -> str:
        """A picture of so many full and free places."""
        signs = "■□" if _speaks_unicode(sys.stdout) else "#."
        return signs[0] * full + signs[1] * free

    def document(self, value: dict[str, Any]) -> None:
        """The one JSON document on stdout."""
        text = json.dumps(value, indent=2, ensure_ascii=not _speaks_unicode(sys.stdout))
        self._write(sys.stdout, safe_json(text))

    def say(self, text: str = "", style: str = "") -> None:
        """A line of talk on stderr."""
        self._write(sys.stderr, _styled((text, style)))

    def say_facts(self, facts: Facts) -> None:
        """Names and values on stderr."""
        for line in _aligned(facts):
            self.say(line)

    def ask(self, question: str, *, otherwise: str) -> str:
        """What a person types in answer. `otherwise`: the option that decides where nobody can be asked.

        Raises `Declined` if stdin is no terminal, or ends.
        """
        if not sys.stdin.isatty():
            raise Declined(
                "This needs a yes, and there is no terminal to ask at.",
                advice=f"Nothing was changed. {otherwise} answers beforehand.",
            )
        self._write(sys.stderr, question, end=" ")
        answer = sys.stdin.readline()
        if not answer:
            self.say()
            raise Declined("There was no answer.")
        return answer.strip()

    def ask_secret(self, question: str, *, otherwise: str) -> str:
        """As `ask`, but what is typed is not shown."""
        if not sys.stdin.isatty():
            raise Declined("There is no terminal to ask at.", advice=f"{otherwise} needed.")
        return getpass.getpass(f"{question} ", stream=sys.stderr)

    def _write(self, stream: TextIO, text: str, end: str = "\n") -> None:
        """Write, and be quiet from then on if that fails: what a command does must not depend on it."""
        try:
            click.echo(text + end, file=stream, nl=False)
        except OSError as error:
            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                self.unwritten = error
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def _styled(cell: Cell) -> str:
    text, style = _pair(cell)
    text = _shown(text)
    if style in ("dim", "bold"):
        return click.style(text, **{style: True})
    return click.style(text, fg=style) if style else text


def _shown(text: str, most: int = _LONGEST_LINE) -> str:
    return brief(safe(text[: most + 1]), most)


def _pair(cell: Cell) -> tuple[str, str]:
    return (cell, "") if isinstance(cell, str) else cell


def _aligned(facts: Facts) -> Iterator[str]:
    listed = [(name, [value] if isinstance(value, str) else [*value]) for name, value in facts if value]
    width = max((len(name) for name, _ in listed), default=0) + 2
    for name, values in listed:
        for label, value in zip((name, *("" for _ in values)), values, strict=False):
            yield f"{label:<{width}}{value}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    # Here, because they take a tenth of all the time of a command that shows no table.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    # Not on stdout itself: rich writes to its file even while it only captures.
    width = None if terminal else _WIDE_AS_NEEDED
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in _WHOLE)
    for row in rows:
        table.add_row(*(Text(_shown(text, _LONGEST_CELL), style=style) for text, style in map(_pair, row)))
    # A window that is too narrow breaks the lines itself: rich would cut off the ends of numbers.
    console.width = max(console.width, _least_width(table))
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _least_width(table: Table) -> int:
    """The columns in which `table` can be shown with its numbers whole and its names broken."""
    from rich.cells import cell_len

    widths = [
        max(cell_len(str(cell)) for cell in column.cells) if column.no_wrap else _NARROWEST
        for column in table.columns
    ]
    return sum(width + 2 for width in widths)


def _speaks_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().startswith("utf")
