"""All input and output of the command: results on stdout, messages on stderr, questions only at a terminal.

Law: every text passes through `safe` (`lpa.rsp.display`) on its way out and is limited in length, because it
may come from a card or a server.
"""

from __future__ import annotations

import getpass
import io
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from lpa.errors import Declined, LpaError
from lpa.redaction import register_secret
from lpa.rsp.display import brief, safe, safe_json

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from lpa.rsp.records import NotificationMetadata

# Names and values; a value may have several lines.
Facts = Iterable[tuple[str, str | Iterable[str]]]
# A text and its style ("green", "dim", "red", "bold", or none).
Line = tuple[str, str]
# A cell of a table, or a line.
Cell = str | Line
# Headings and rows.
Table = tuple[Sequence[str], Sequence[Sequence[Cell]]]

_PIPE_COLUMNS = 10_000  # what goes to a pipe must not depend on the width of a window
_LONGEST_LINE, _LONGEST_CELL = 2_000, 500  # characters: longer ones hide what matters; --json has them whole
_MANY = 1_000  # rows: a longer table is written without rich
_NARROWEST = 20  # columns in which a text is still readable
_LONGEST_WORD = 30  # columns; a longer word is broken in a table
_UNCHANGED = ("Interrupted.", "Nothing was changed.")
SHOWS_STATE = "'lpa list' shows the card's state."
_UNBROKEN = ("ICCID", "State", "Number", "Event")  # columns that stay on one line in a narrow window


class Screen:
    """Where a command shows its result. With `json` only the document goes to stdout.

    `command`: which one runs, as "notifications send"; empty until that is known. `verbose`: print the
    traceback of a bug. `done`: members of the document beside the result, also if the command fails later.
    `so_far`: members of the result, for the document if the command ends before it is known.
    `interruption`: message and advice for the person if Ctrl-C ends the command now.
    `pending`: the notifications that were printed as pending; each is printed once. `unwritten`: why a part
    of the result could not be written to stdout.
    """

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.command = ""
        self.verbose = False
        self.done: dict[str, Any] = {}
        self.pending: set[NotificationMetadata] = set()
        self.so_far: dict[str, Any] = {}
        self.interruption = _UNCHANGED
        self.unwritten: OSError | None = None
        self._sentences: list[str] = []
        self._documented = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # for terminals without some characters

    def may_change(self, message: str, advice: str) -> None:
        """Note what is true if Ctrl-C ends the command from here on; what was done before is added."""
        self.interruption = (" ".join((message, *self._sentences)), advice)

    def did(self, sentence: str, members: dict[str, Any] | None = None, *, advice: str = SHOWS_STATE) -> None:
        """Note what is done by now: a sentence, and the members of the result that say it.

        They are in the message and in the document if the command ends before its result is shown.
        """
        self.so_far |= members or {}
        self._sentences.append(sentence)
        self.may_change("Interrupted.", advice)

    def line(self, *cells: Cell) -> None:
        """A line on stdout."""
        if not self.json:
            self._write(sys.stdout, _lines(sys.stdout, cells))

    def facts(self, facts: Facts) -> None:
        """Names and values on stdout. A name without a value is left out."""
        for label, value in _aligned(facts):
            self.line(label, value)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """A table on stdout, if there are any rows. In a pipe no cell is broken into lines."""
        if self.json:
            return
        rows = list(rows)
        if len(rows) > _MANY:
            self._long_table(headings, rows)
        elif rows:
            self._write(sys.stdout, _table(headings, rows))

    def bar(self, full: int, free: int) -> str:
        """So many full and free squares."""
        full_place, free_place = "■□" if _speaks_unicode(sys.stdout) else "#."
        return full_place * full + free_place * free

    def document(self, value: dict[str, Any]) -> None:
        """The one JSON document on stdout. Ctrl-C does not cut it, and after it there is no other."""
        if self._documented:
            return
        text = json.dumps(value, indent=2, ensure_ascii=not _speaks_unicode(sys.stdout))
        with _without_ctrl_c():
            self._documented = True
            self._write(sys.stdout, safe_json(text))

    def say(self, text: str = "", style: str = "") -> None:
        """A message on stderr."""
        self._write(sys.stderr, _lines(sys.stderr, [(text, style)]))

    def problem(self, problem: LpaError) -> None:
        """A problem that does not end the command, on stderr."""
        self.say(f"lpa: {problem.message}", "red")
        self.say(problem.advice)

    def stderr_line(self, *cells: Cell) -> None:
        """As `line`, but on stderr."""
        self._write(sys.stderr, _lines(sys.stderr, cells))

    def say_facts(self, facts: Facts) -> None:
        """Names and values on stderr."""
        for label, value in _aligned(facts):
            self._write(sys.stderr, _lines(sys.stderr, (label, value)))

    @contextmanager
    def progress(self, title: str, before: str) -> Iterator[Callable[[int, int], None]]:
        """A function to call with the bytes done and their total. It moves a bar on stderr, at a terminal.

        `before`: shown instead of the title until the first call.
        """
        if not sys.stderr.isatty():
            yield lambda _done, _all: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress

        columns = ("{task.description} ", BarColumn(), "{task.fields[size]}")
        with ExitStack() as shown:
            try:
                bar = shown.enter_context(
                    Progress(*columns, console=Console(file=sys.stderr), transient=True)
                )
            except RuntimeError:  # The bar needs a thread, and this computer cannot start another.
                yield lambda _done, _all: None
                return
            task = bar.add_task(before, total=None, size="")
            yield lambda done, whole: bar.update(
                task,
                description=title,
                completed=done,
                total=whole,
                size=_size(done, whole),
                refresh=not done,  # The beginning shows at once, the rest at rich's own rate.
            )

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty()

    def require_terminal(self, *, otherwise: str) -> None:
        """Raise `Declined` if stdin is no terminal. `otherwise`: the option that confirms without one."""
        if not sys.stdin.isatty():
            raise Declined(
                "This needs confirmation, and there is no terminal to ask at.",
                advice=f"Nothing was changed. Use {otherwise} to confirm without being asked.",
            )

    def ask(self, question: str, *, otherwise: str) -> str:
        """What a person types in answer. `otherwise`: the option that confirms without a terminal.

        Raises `Declined` if stdin is no terminal, or ends.
        """
        self.require_terminal(otherwise=otherwise)
        self._write(sys.stderr, question, end=" ")
        answer = sys.stdin.readline()
        if not answer:
            self.say()
            raise Declined("There was no answer.")
        return answer.strip()

    def ask_secret(self, question: str, *, advice: str) -> str:
        """As `ask`, but the answer is neither shown nor stripped. `advice`: what to do without a terminal."""
        if not sys.stdin.isatty():
            raise Declined("There is no terminal to ask at.", advice=advice)
        try:
            typed = getpass.getpass(f"{question} ", stream=sys.stderr)
        except EOFError:
            self.say()
            raise Declined("There was no answer.") from None
        register_secret(typed)
        return typed

    def _long_table(self, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """A table piece by piece, without styles: rich would take minutes for a hundred thousand rows."""
        texts = [tuple(map(_cell_text, row)) for row in (headings, *rows)]
        widths = [max(map(_width, column)) + 2 for column in zip(*texts, strict=True)]
        for start in range(0, len(texts), _MANY):
            lines = ("".join(map(_padded, row, widths)).rstrip() for row in texts[start : start + _MANY])
            self._write(sys.stdout, "\n".join(lines))

    def _write(self, stream: TextIO, text: str, end: str = "\n") -> None:
        """Write; if that fails, discard all further output: what a command does must not depend on it."""
        try:
            click.echo(text + end, file=stream, nl=False)
        except OSError as error:
            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                self.unwritten = error
            with Path(os.devnull).open("wb") as null:
                os.dup2(null.fileno(), stream.fileno())


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Ignore Ctrl-C in the block. Only the main thread can, and it is the one that Ctrl-C interrupts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _lines(stream: TextIO, cells: Sequence[Cell]) -> str:
    """Cells side by side. At a terminal the last one is wrapped between words, and continues below itself."""
    *before, (text, style) = ((_shown(text), style) for text, style in map(_pair, cells))
    head = "".join(text for text, _ in before)
    lines = [text]
    if stream.isatty() and text:
        lines = _wrapped(text, shutil.get_terminal_size().columns - _width(head))
    first, *rest = (_styled(line, style) for line in lines)
    below = " " * _width(head)
    return "\n".join(["".join(_styled(*cell) for cell in before) + first, *(below + line for line in rest)])


def _styled(text: str, style: str) -> str:
    if style in ("dim", "bold"):
        return click.style(text, **{style: True})
    return click.style(text, fg=style) if style else text


def _cell_text(cell: Cell) -> str:
    return _shown(cell if isinstance(cell, str) else cell[0], _LONGEST_CELL)


def _padded(text: str, width: int) -> str:
    return text.ljust(width if text.isascii() else width - _width(text) + len(text))


def _shown(text: str, most: int = _LONGEST_LINE) -> str:
    if len(text) <= most and text.isascii() and text.isprintable():  # as nearly all are
        return text
    return brief(safe(text[: most + 1]), most)


def _pair(cell: Cell) -> tuple[str, str]:
    return (cell, "") if isinstance(cell, str) else cell


def _wrapped(text: str, columns: int) -> list[str]:
    """`text` in lines of so many columns, indented as its beginning; a longer word stays whole."""
    indent = text[: len(text) - len(text.lstrip())]
    if _width(text) <= columns or columns - len(indent) < _NARROWEST:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and len(indent) + _width(f"{line} {word}") > columns:
            lines.append(indent + line)
            line = word
        else:
            line = f"{line} {word}".lstrip()
    return [*lines, indent + line]


def _width(text: str) -> int:
    """In columns of a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _aligned(facts: Facts) -> Iterator[tuple[str, str]]:
    """Labels of the same width, and a value beside each."""
    listed = [(name, [value] if isinstance(value, str) else [*value]) for name, value in facts if value]
    width = max((len(name) for name, _ in listed), default=0) + 2
    for name, values in listed:
        for label, value in zip((name, *("" for _ in values)), values, strict=False):
            if value:
                yield f"{label:<{width}}", value


def _table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    # Here, because a command without a table would spend a tenth of its time on them.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    # Not stdout itself: rich writes to its file even while it captures.
    width = None if terminal else _PIPE_COLUMNS
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in _UNBROKEN)
    for row in rows:
        table.add_row(*(Text(_shown(text, _LONGEST_CELL), style=style) for text, style in map(_pair, row)))
    if console.width < _least_width(table):
        return _stacked(headings, rows)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _least_width(table: RichTable) -> int:
    """The columns that `table` needs to keep numbers and words whole, except very long words."""
    widths = [
        max(
            min(_width(part), _LONGEST_WORD) if not column.no_wrap else _width(part)
            for cell in column.cells
            for part in ([str(cell)] if column.no_wrap else str(cell).split() or [""])
        )
        for column in table.columns
    ]
    return sum(width + 2 for width in widths)


def _stacked(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The rows in a window too narrow for a table: each as a list, with an empty line between them."""
    width = max(map(len, headings)) + 2
    blocks = []
    for row in rows:
        cells = zip(headings, row, strict=True)
        lines = [_lines(sys.stdout, (f"{head:<{width}}", cell)) for head, cell in cells if _pair(cell)[0]]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _speaks_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().startswith("utf")


def _size(done: int, whole: int) -> str:
    return f"{-(-done // 1024)} of {-(-whole // 1024)} KiB"
