"""Run one command line: the one place where results and errors become messages, an exit code and a document.

With `--json` there is always exactly one document: `{"command", "ok", "exit_code", "result", "error"}`. `ok`
is true for exit code 0 only. `result` is present if anything was found or done, also before an error; `error`
if `ok` is false. 'lpa schema' prints the schema of each.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from lpa.cli.app import app
from lpa.cli.exits import BUG, STOPPED, UNKNOWN, USAGE, Interrupted, exit_code
from lpa.cli.json_output import CommandResult, error_members, plain
from lpa.cli.screen import SHOWS_STATE, Screen
from lpa.errors import LpaError, storage_advice, system_reason
from lpa.host import system
from lpa.redaction import without_names, without_secrets

_NO_THREAD = "can't start new thread"  # Python says so in a RuntimeError.
_YES = ("1", "true", "t", "yes", "y", "on")  # as click reads a switch from the environment


def prepare_process() -> None:
    """What a process does before it runs a command line."""
    _open_closed_streams()
    system.disable_core_dumps()


def run(arguments: Sequence[str], *, interrupted: bool = False) -> int:
    """Run one command line. Returns the exit code, and raises nothing.

    `interrupted`: Ctrl-C was pressed before.
    """
    screen = Screen(json=_wants_json(arguments))
    try:
        code = _run(screen, arguments, interrupted=interrupted)
    except KeyboardInterrupt:  # once more, while it was said what the first one has ended
        code = STOPPED
    if screen.unwritten:
        screen.say(f"lpa: The result could not be written: {screen.unwritten.strerror}.", "red")
        return code or UNKNOWN
    return code


def _run(screen: Screen, arguments: Sequence[str], *, interrupted: bool) -> int:
    try:
        if interrupted:
            raise click.Abort  # noqa: TRY301  (as if it came now)
        result = app.main([*arguments], prog_name="lpa", standalone_mode=False, obj=screen)
        return _finished(screen, result) if isinstance(result, CommandResult) else int(result or 0)
    except click.ClickException as error:
        return _misused(screen, error)
    except LpaError as error:
        return _failed(screen, exit_code(error), error_members(error))
    except (click.Abort, KeyboardInterrupt):
        return _failed(screen, STOPPED, _error("Interrupted", *screen.interruption))
    except Interrupted as stop:
        return _failed(screen, STOPPED, _error("Interrupted", stop.message, stop.advice))
    except Exception as error:  # noqa: BLE001  (every error becomes a message)
        return _unexpected(screen, error)


def _finished(screen: Screen, result: CommandResult) -> int:
    if screen.json:
        error = {"error": error_members(result.problem)} if result.problem else {}
        data = plain(result.data)
        data = screen.done | data if screen.done else data
        screen.document(_head(screen, result.code) | {"result": data, **error})
    return result.code


def _head(screen: Screen, code: int) -> dict[str, Any]:
    return {"command": screen.command, "ok": code == 0, "exit_code": code}


def _failed(screen: Screen, code: int, error: dict[str, Any]) -> int:
    if screen.json:
        done = screen.done | screen.so_far
        result = {"result": done} if done else {}
        screen.document(_head(screen, code) | result | {"error": error})
    else:
        screen.say(f"lpa: {error['message']}", "red")
        if error["advice"]:
            screen.say(error["advice"])
    return code


def _misused(screen: Screen, error: click.ClickException) -> int:
    if not screen.json:
        shown = io.StringIO()
        error.show(shown)
        # It repeats arguments that it does not understand, and one may be a code.
        for line in without_secrets(shown.getvalue()).splitlines():
            screen.say(line)
        return USAGE
    how = f"'lpa {screen.command} --help' shows how.".replace("  ", " ")
    # The message of this error would be the whole help.
    missing = isinstance(error, click.exceptions.NoArgsIsHelpError)
    message = "Missing command." if missing else without_secrets(error.format_message())
    return _failed(screen, USAGE, _error("Usage", message, how))


def _unexpected(screen: Screen, error: Exception) -> int:
    if screen.verbose:
        for line in without_names("".join(traceback.format_exception(error))).splitlines():
            screen.say(line)
    if isinstance(error, MemoryError | OSError) or _NO_THREAD in str(error):
        return _failed(screen, UNKNOWN, _system_error(error))
    said = without_names(str(error))  # It may be published in a bug report.
    message = f"This is a bug in lpa: {type(error).__name__}: {said}."
    report = f"{SHOWS_STATE} Please report this with the output of -vv."
    return _failed(screen, BUG, _error("Bug", message, report))


def _system_error(error: Exception) -> dict[str, Any]:
    """An error of the system that no part of the program has an answer to."""
    path = getattr(error, "filename", None)
    where = f"{os.fsdecode(path)}: " if isinstance(path, str | bytes) else ""
    message = f"This computer reported an error: {where}{system_reason(error)}."
    return _error("System", message, f"{storage_advice(error, 'try again later')} {SHOWS_STATE}")


def _error(kind: str, message: str, advice: str) -> dict[str, Any]:
    return {"kind": kind, "reason": None, "message": message, "advice": advice}


def _wants_json(arguments: Sequence[str]) -> bool:
    """Known before parsing, so that a usage error becomes a document too."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options or os.environ.get("LPA_JSON", "").lower() in _YES


def _open_closed_streams() -> None:
    """Open the null device for each standard stream that is closed (`>&-`).

    Otherwise the next file to be opened would get its number: a receipt, or the state of a simulated card.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
