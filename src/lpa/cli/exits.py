"""The one place where what happened becomes words, an exit code and a document.

0   done
1   a real no: the card, the server, a signature or the person
2   usage: nothing was tried
3   could not ask, or cannot know
4   done on the card; a server does not know
70  a bug in this program
130 stopped with Ctrl-C

With `--json` there is always exactly one document: `{"command", "ok", "result", "error"}`. `ok` is true for
exit code 0 only. `result` is there if anything was found or done, also before an error; `error` whenever `ok`
is false.
"""

from __future__ import annotations

import io
import os
import traceback
from collections.abc import Sequence
from typing import Any

import click

from lpa.cli.json_output import Answer, error_members, plain
from lpa.cli.screen import Screen
from lpa.errors import Declined, LpaError, NotVerified, Refused
from lpa.redaction import without_names, without_secrets

NO, USAGE, UNKNOWN, UNDELIVERED, BUG, STOPPED = 1, 2, 3, 4, 70, 130

_NOTHING_CHANGED = "Nothing was changed."
_CHANGING = "Stopped while the card was being changed: it may or may not have been."
_RESUME = (
    "'lpa resume' finds out what is true, keeps what the card signed and tells the servers. "
    "It deletes nothing."
)
_YES = ("1", "true", "t", "yes", "y", "on")  # as click reads a switch from the environment


class Interrupted(Exception):
    """Ctrl-C came while the card was being changed. `message`, `advice`: what is known of it."""

    def __init__(self, message: str = _CHANGING, advice: str = _RESUME) -> None:
        super().__init__(message)
        self.message, self.advice = message, advice


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Raises nothing."""
    screen = Screen(json=_wants_json(arguments))
    code = _run(screen, arguments)
    if screen.unwritten:
        screen.say(f"lpa: The result could not be written: {screen.unwritten.strerror}.", "red")
        return code or UNKNOWN
    return code


def _run(screen: Screen, arguments: Sequence[str]) -> int:
    from lpa.cli.app import app

    try:
        answer = app.main([*arguments], prog_name="lpa", standalone_mode=False, obj=screen)
    except click.ClickException as error:
        return _misused(screen, error)
    except LpaError as error:
        return _failed(screen, exit_code(error), error_members(error))
    except (click.Abort, KeyboardInterrupt):
        return _failed(screen, STOPPED, _error("Interrupted", "Stopped.", _NOTHING_CHANGED))
    except Interrupted as stop:
        return _failed(screen, STOPPED, _error("Interrupted", stop.message, stop.advice))
    except Exception as error:  # noqa: BLE001  (whatever it is, a person gets a sentence)
        return _bug(screen, error)
    return _answered(screen, answer) if isinstance(answer, Answer) else int(answer or 0)


def exit_code(error: LpaError) -> int:
    """What an error means to a shell."""
    return NO if isinstance(error, Refused | NotVerified | Declined) else UNKNOWN


def _answered(screen: Screen, answer: Answer) -> int:
    if screen.json:
        error = {"error": error_members(answer.problem)} if answer.problem else {}
        found = plain(answer.result)
        result = {"result": screen.done | found if screen.done else found}
        screen.document({"command": screen.command, "ok": answer.code == 0, **result, **error})
    return answer.code


def _failed(screen: Screen, code: int, error: dict[str, Any]) -> int:
    if screen.json:
        result = {"result": screen.done} if screen.done else {}
        screen.document({"command": screen.command, "ok": False, **result, "error": error})
    else:
        screen.say(f"lpa: {error['message']}", "red")
        if error["advice"]:
            screen.say(error["advice"])
    return code


def _misused(screen: Screen, error: click.ClickException) -> int:
    if not screen.json:
        shown = io.StringIO()
        error.show(shown)
        # It repeats the words that it does not understand, and they may be a code.
        for line in without_secrets(shown.getvalue()).splitlines():
            screen.say(line)
        return USAGE
    how = f"'lpa {screen.command} --help' shows how.".replace("  ", " ")
    # Its message would be the whole help.
    missing = isinstance(error, click.exceptions.NoArgsIsHelpError)
    message = "Missing command." if missing else without_secrets(error.format_message())
    return _failed(screen, USAGE, _error("Usage", message, how))


def _bug(screen: Screen, error: Exception) -> int:
    if screen.verbose:
        for line in without_names("".join(traceback.format_exception(error))).splitlines():
            screen.say(line)
    said = without_names(str(error))  # It will be sent to us, and may be seen by everybody.
    message = f"This is a bug in lpa, not your mistake: {type(error).__name__}: {said}."
    advice = "'lpa list' shows the card's state. Please report this, with what -vv says."
    return _failed(screen, BUG, _error("Bug", message, advice))


def _error(kind: str, message: str, advice: str) -> dict[str, Any]:
    return {"kind": kind, "reason": None, "message": message, "advice": advice}


def _wants_json(arguments: Sequence[str]) -> bool:
    """Known before parsing, so that a mistake in the arguments is told in a document too."""
    before_names = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in before_names or os.environ.get("LPA_JSON", "").lower() in _YES
