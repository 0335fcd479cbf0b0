"""From cells to lines of text, as wide as the terminal.

Law: every text passes through `safe` (`lpa.rsp.display`) here and is limited in length, because it may come
from a card or a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

import click

from lpa.rsp.display import brief, safe

# Names and values; a value may have several lines.
Facts = Iterable[tuple[str, str | Iterable[str]]]
# A text and its style ("green", "dim", "red", "bold", or none).
Line = tuple[str, str]
# A cell of a table, or a line.
Cell = str | Line
# Headings and rows.
Table = tuple[Sequence[str], Sequence[Sequence[Cell]]]

LONGEST_CELL = 500  # characters: longer ones hide what matters; --json has them whole
_LONGEST_LINE = 2_000  # likewise
_NARROWEST = 20  # columns in which a text is still readable


def lines(stream: TextIO, cells: Sequence[Cell]) -> str:
    """Cells side by side. At a terminal the last one is wrapped between words, and continues below itself."""
    *before, (text, style) = ((shown(text), style) for text, style in map(pair, cells))
    head = "".join(text for text, _ in before)
    texts = [text]
    if stream.isatty() and text:
        import shutil

        texts = _wrapped(text, shutil.get_terminal_size().columns - width(head))
    first, *rest = (_styled(line, style) for line in texts)
    below = " " * width(head)
    return "\n".join(["".join(_styled(*cell) for cell in before) + first, *(below + line for line in rest)])


def _styled(text: str, style: str) -> str:
    if style in ("dim", "bold"):
        return click.style(text, **{style: True})
    return click.style(text, fg=style) if style else text


def shown(text: str, most: int = _LONGEST_LINE) -> str:
    """The text without characters that change what a terminal shows, and at most so long."""
    if len(text) <= most and text.isascii() and text.isprintable():  # as nearly all are
        return text
    return brief(safe(text[: most + 1]), most)


def pair(cell: Cell) -> Line:
    """The text of a cell and its style."""
    return (cell, "") if isinstance(cell, str) else cell


def _wrapped(text: str, columns: int) -> list[str]:
    """`text` in lines of so many columns, indented as its beginning; a longer word stays whole."""
    indent = text[: len(text) - len(text.lstrip())]
    if width(text) <= columns or columns - len(indent) < _NARROWEST:
        return [text]
    done: list[str] = []
    line = ""
    for word in text.split():
        if line and len(indent) + width(f"{line} {word}") > columns:
            done.append(indent + line)
            line = word
        else:
            line = f"{line} {word}".lstrip()
    return [*done, indent + line]


def width(text: str) -> int:
    """In columns of a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def aligned(facts: Facts) -> Iterator[tuple[str, str]]:
    """Labels of the same width, and a value beside each."""
    listed = [(name, [value] if isinstance(value, str) else [*value]) for name, value in facts if value]
    widest = max((len(name) for name, _ in listed), default=0) + 2
    for name, values in listed:
        for label, value in zip((name, *("" for _ in values)), values, strict=False):
            if value:
                yield f"{label:<{widest}}", value
