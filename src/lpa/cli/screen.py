"""All input and output of the command: results on stdout, messages on stderr, questions only at a terminal.

Law: every text that may come from a card or a server passes through `cells` on its way out.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from lpa.advice.commands import CONFIRM_WITH
from lpa.advice.defaults import NOTHING_CHANGED
from lpa.cli.cells import Cell, Facts, aligned, lines
from lpa.errors import Declined, LpaError
from lpa.redaction import register_secret
from lpa.rsp.display import safe_json

if TYPE_CHECKING:
    from lpa.rsp.records import NotificationMetadata

_UNCHANGED: tuple[str, str] = ("Interrupted.", NOTHING_CHANGED)
SHOWS_STATE = "'lpa list' shows the card's state."


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
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="surrogateescape")  # for typed bytes that are no characters

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
            self.write(sys.stdout, lines(sys.stdout, cells))

    def facts(self, facts: Facts) -> None:
        """Names and values on stdout. A name without a value is left out."""
        for label, value in aligned(facts):
            self.line(label, value)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """A table on stdout, if there are any rows. In a pipe no cell is broken into lines."""
        if not self.json:
            from lpa.cli import screen_tables

            for piece in screen_tables.pieces(headings, list(rows)):
                self.write(sys.stdout, piece)

    def bar(self, full: int, free: int) -> str:
        """So many full and free squares."""
        full_place, free_place = "■□" if _speaks_unicode(sys.stdout) else "#."
        return full_place * full + free_place * free

    def document(self, value: dict[str, Any]) -> None:
        """The one JSON document on stdout. Ctrl-C does not cut it, and after it there is no other."""
        if self._documented:
            return
        import json

        text = json.dumps(value, indent=2, ensure_ascii=not _speaks_unicode(sys.stdout))
        with _without_ctrl_c():
            self._documented = True
            self.write(sys.stdout, safe_json(text))

    def say(self, text: str = "", style: str = "") -> None:
        """A message on stderr."""
        self.write(sys.stderr, lines(sys.stderr, [(text, style)]))

    def notice(self, text: str) -> None:
        """A message about a wait, which is shown at once even if the others are shown later."""
        self.say(text)

    def problem(self, problem: LpaError) -> None:
        """A problem that does not end the command, on stderr."""
        self.say(f"lpa: {problem.message}", "red")
        self.say(problem.advice)

    def stderr_line(self, *cells: Cell) -> None:
        """As `line`, but on stderr."""
        self.write(sys.stderr, lines(sys.stderr, cells))

    def say_facts(self, facts: Facts) -> None:
        """Names and values on stderr."""
        for label, value in aligned(facts):
            self.write(sys.stderr, lines(sys.stderr, (label, value)))

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
                advice=CONFIRM_WITH.filled(options=otherwise),
                reason="noTerminal",
            )

    def ask(self, question: str, *, otherwise: str) -> str:
        """What a person types in answer. `otherwise`: the option that confirms without a terminal.

        Raises `Declined` if stdin is no terminal, or ends.
        """
        self.require_terminal(otherwise=otherwise)
        self.write(sys.stderr, question, end=" ")
        answer = sys.stdin.readline()
        if not answer:
            self.say()
            raise Declined("There was no answer.", reason="noAnswer")
        return answer.strip()

    def ask_secret(self, question: str, *, advice: str) -> str:
        """As `ask`, but the answer is neither shown nor stripped. `advice`: what to do without a terminal."""
        if not sys.stdin.isatty():
            raise Declined("There is no terminal to ask at.", advice=advice, reason="noTerminal")
        import getpass

        while True:
            try:
                typed = getpass.getpass(f"{question} ", stream=sys.stderr)
                typed.encode()
            except EOFError:
                self.say()
                raise Declined("There was no answer.", reason="noAnswer") from None
            except UnicodeError:
                self.say()
                self.say("What was typed cannot be read as text. Type it again.")
            else:
                register_secret(typed)
                return typed

    def write(self, stream: TextIO, text: str, end: str = "\n") -> None:
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
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _speaks_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().startswith("utf")


def _size(done: int, whole: int) -> str:
    return f"{-(-done // 1024)} of {-(-whole // 1024)} KiB"
