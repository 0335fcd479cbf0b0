"""A command on the cards in all readers at once, for `--all-readers`: a thread for each reader.

What each prints is collected and printed under the name of its reader, in the order of the service. One that
fails or hangs does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TextIO

from lpa.card.side_by_side import SideBySide
from lpa.cli.console import Console
from lpa.cli.exits import BUG, NO, STOPPED, UNDELIVERED, UNKNOWN, Interrupted, exit_code
from lpa.cli.json_output import CommandResult, error_members, plain
from lpa.cli.screen import Screen
from lpa.errors import LpaError, NoReader
from lpa.redaction import without_names

_GRAVEST_FIRST = (UNKNOWN, NO, UNDELIVERED)
_OneReader = Callable[[Console], CommandResult]


def on_each_reader(console: Console, run: _OneReader) -> CommandResult:
    """The results of a command for all readers. Raises `NoReader` if there is none.

    The exit code is the gravest (3, then 1, then 4), and the problem that of the first reader with it.
    """
    from lpa.card.pcsc import readers

    names = [reader.name for reader in readers()]
    if not names:
        raise NoReader("There is no card reader.", reason="noReader")
    parts = [_Part(console, name, run) for name in names]
    tasks = SideBySide([part.run for part in parts])
    shown = 0
    try:
        for part, _ in zip(parts, tasks.results(), strict=True):
            part.show()
            shown += 1
    except KeyboardInterrupt:
        raise _interrupted(console.screen, parts, shown) from None
    data = {"readers": [part.document() for part in parts]}
    for part in parts:
        if part.bug:
            console.screen.so_far |= data
            raise part.bug
    failed = sorted((part for part in parts if part.code), key=lambda part: _GRAVEST_FIRST.index(part.code))
    return CommandResult(data, failed[0].problem, failed[0].code) if failed else CommandResult(data)


def _interrupted(screen: Screen, parts: Sequence[_Part], shown: int) -> Interrupted:
    for part in parts[shown:]:
        part.show()
    screen.so_far |= {"readers": [part.document() for part in parts]}
    open_ones = [part for part in parts if not part.finished]
    done = f"{len(parts) - len(open_ones)} of {len(parts)} readers were done"
    advice = next((part.stopped[1] for part in open_ones), "")
    return Interrupted(f"Interrupted: {done}.", advice)


class _Part:
    """The command for one reader: what it prints and returns."""

    def __init__(self, console: Console, name: str, run: _OneReader) -> None:
        self.name = name
        self.screen = _PartOfScreen(console.screen, name)
        self._run = partial(run, replace(console, screen=self.screen, reader=name, all_readers=False))
        self._interruption: Interrupted | None = None
        self.result: CommandResult | None = None
        self.problem: LpaError | None = None
        self.bug: Exception | None = None
        self.code = 0

    def run(self) -> None:
        """Run it. Raises nothing."""
        try:
            self.result = self._run()
            self.problem, self.code = self.result.problem, self.result.code
        except LpaError as problem:
            self.problem, self.code = problem, exit_code(problem)
            self.screen.say(f"lpa: {self.name}: {problem.message}", "red")
            self.screen.say(problem.advice)
        except Interrupted as interruption:
            self._interruption = interruption
        except KeyboardInterrupt:
            self._interruption = Interrupted(*self.screen.interruption)
        except Exception as error:  # noqa: BLE001  (raised again when the other readers are done)
            self.bug = error

    @property
    def finished(self) -> bool:
        """Whether it ended by itself, well or not."""
        return bool(self.result or self.problem or self.bug)

    @property
    def stopped(self) -> tuple[str, str]:
        """Message and advice if it did not."""
        one = self._interruption
        return (one.message, one.advice) if one else self.screen.interruption

    def show(self) -> None:
        """Print what it printed, under the name of the reader."""
        if not self.finished:
            self.screen.say(f"lpa: {self.name}: {self.stopped[0]}", "red")
        self.screen.show()

    def document(self) -> dict[str, Any]:
        """What the document has about this reader."""
        found = plain(self.result.data) if self.result else self.screen.so_far
        found = self.screen.done | found if self.screen.done else found
        error = self._error()
        document = {"reader": self.name, "ok": not error, "exit_code": self._exit_code}
        return document | ({"result": found} if found else {}) | ({"error": error} if error else {})

    @property
    def _exit_code(self) -> int:
        """What the command for this reader alone would end with."""
        if not self.finished:
            return STOPPED
        if self.bug:
            return UNKNOWN if isinstance(self.bug, MemoryError | OSError) else BUG
        return self.code

    def _error(self) -> dict[str, Any] | None:
        if self.problem:
            return error_members(self.problem)
        if self.result:
            return None
        message, advice = self.stopped
        kind = "Interrupted"
        if self.bug:
            kind = "System" if isinstance(self.bug, MemoryError | OSError) else "Bug"
            message, advice = f"{type(self.bug).__name__}: {without_names(str(self.bug))}.", ""
        return {"kind": kind, "reason": None, "message": message, "advice": advice}


class _PartOfScreen(Screen):
    """Collects what is printed for one reader."""

    def __init__(self, whole: Screen, name: str) -> None:
        super().__init__(json=whole.json)
        self.command, self.verbose = whole.command, whole.verbose
        self._whole, self._name = whole, name
        self._written: list[tuple[TextIO, str, str]] = []

    def notice(self, text: str) -> None:
        """At once, with the name of the reader."""
        self._whole.notice(f"{self._name}: {text}")

    def progress(self) -> AbstractContextManager[None]:
        """Show no bar: several readers would share the terminal."""
        return nullcontext(None)

    def show(self) -> None:
        """Print what was collected."""
        self._whole.line((self._name, "bold"))
        for stream, text, end in self._written:
            self._whole.write(stream, text, end)
        self._whole.line("")

    def write(self, stream: TextIO, text: str, end: str = "\n") -> None:
        """Collect it."""
        self._written.append((stream, text, end))
