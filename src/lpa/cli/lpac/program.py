"""The program lpac: its table of commands, and the one place where errors become its JSON."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from lpa.cli.lpac import environment
from lpa.cli.lpac.answers import FAILED, Answers, Failed, Usage
from lpa.cli.lpac.reasons import reason_of
from lpa.cli.lpac.session import LpacCommand
from lpa.errors import LpaError

if TYPE_CHECKING:
    from lpa.cli.console import Console

# The file of each command, and its function there, in the order of lpac.
_COMMANDS: dict[str, str | dict[str, str]] = {
    "driver": {"apdu": "driver.apdu", "http": "driver.http", "list": "driver.listing"},
    "chip": {name: f"chip.{name}" for name in ("info", "defaultsmdp", "purge")},
    "profile": {
        "list": "profile.listing",
        **{name: f"profile.{name}" for name in ("enable", "disable", "nickname", "delete")},
        "download": "download.download",
        "discovery": "download.discovery",
    },
    "notification": {
        "list": "notification.listing",
        **{name: f"notification.{name}" for name in ("process", "remove", "dump", "replay")},
    },
    "version": "driver.version",
}
_Entry = TypeVar("_Entry")
_Command = Callable[[LpacCommand, Sequence[str]], int]


def run(console: Console, words: Sequence[str]) -> int:
    """Run a command of lpac. Returns the exit code. Raises what no card, server or person caused."""
    answers = Answers(console.screen)
    try:
        command, arguments = _found(words)
        variables = environment.read(os.environ)
        for sentence in variables.unused:
            console.screen.say(sentence)
        return command(LpacCommand(console, answers, variables), arguments)
    except Usage as usage:
        for line in usage.lines:
            answers.text(line)
        return FAILED
    except Failed as failed:
        return answers.failure(failed.function, failed.reason)
    except LpaError as error:
        console.screen.problem(error)
        return answers.failure(answers.function, reason_of(answers.function, error))
    except KeyboardInterrupt:
        return answers.failure("cancelled", " ".join(console.screen.interruption))


def _found(words: Sequence[str]) -> tuple[_Command, Sequence[str]]:
    """The command that `words` begin with, and the rest. Raises `Usage`."""
    found, rest = _entry("lpac", _COMMANDS, words), words[1:]
    if isinstance(found, dict):
        found, rest = _entry(words[0], found, rest), rest[1:]
    file, _, function = found.partition(".")
    command: _Command = getattr(importlib.import_module(f"lpa.cli.lpac.{file}"), function)
    return command, rest


def _entry(name: str, table: Mapping[str, _Entry], words: Sequence[str]) -> _Entry:
    """What the first of `words` means in the table of `name`. Raises `Usage`."""
    usage = f"Usage: {name} <{'|'.join(table)}>"
    if not words:
        raise Usage(usage)
    if words[0] not in table:
        raise Usage(f"Unknown command: {words[0]}", usage)
    return table[words[0]]
