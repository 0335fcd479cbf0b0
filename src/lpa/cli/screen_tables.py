"""Tables on stdout: at a terminal rich lays them out, unless they are very long or it is too narrow."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lpa.cli.cells import LONGEST_CELL, Cell, lines, pair, shown, width

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_MANY = 1_000  # rows: a longer table is written without rich
_LONGEST_WORD = 30  # columns; a longer word is broken in a table
_UNBROKEN = ("ICCID", "State", "Number", "Event")  # columns that stay on one line in a narrow window


def pieces(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """A table as text for stdout; a very long one in pieces. In a pipe no cell is broken into lines."""
    if rows and (len(rows) > _MANY or not sys.stdout.isatty()):
        yield from _plain(headings, rows)
    elif rows:
        yield _laid_out(headings, rows)


def _plain(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """Without styles: rich would take minutes for many rows, and long to be loaded for few."""
    texts = [tuple(shown(pair(cell)[0], LONGEST_CELL) for cell in row) for row in (headings, *rows)]
    widths = [max(map(width, column)) + 2 for column in zip(*texts, strict=True)]
    for start in range(0, len(texts), _MANY):
        padded = ("".join(map(_padded, row, widths)).rstrip() for row in texts[start : start + _MANY])
        yield "\n".join(padded)


def _padded(text: str, columns: int) -> str:
    return text.ljust(columns if text.isascii() else columns - width(text) + len(text))


def _laid_out(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Not stdout itself: rich writes to its file even while it captures.
    console = Console(file=io.StringIO(), force_terminal=True)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in _UNBROKEN)
    for row in rows:
        table.add_row(*(Text(shown(text, LONGEST_CELL), style=style) for text, style in map(pair, row)))
    if console.width < _least_width(table):
        return _stacked(headings, rows)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _least_width(table: RichTable) -> int:
    """The columns that `table` needs to keep numbers and words whole, except very long words."""
    widths = [
        max(
            min(width(part), _LONGEST_WORD) if not column.no_wrap else width(part)
            for cell in column.cells
            for part in ([str(cell)] if column.no_wrap else str(cell).split() or [""])
        )
        for column in table.columns
    ]
    return sum(width + 2 for width in widths)


def _stacked(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The rows in a window too narrow for a table: each as a list, with an empty line between them."""
    widest = max(map(len, headings)) + 2
    blocks = []
    for row in rows:
        cells = zip(headings, row, strict=True)
        listed = [lines(sys.stdout, (f"{head:<{widest}}", cell)) for head, cell in cells if pair(cell)[0]]
        blocks.append("\n".join(listed))
    return "\n\n".join(blocks)
