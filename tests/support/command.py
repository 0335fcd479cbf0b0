"""Run the command `lpa` as a person or a script does, in this process or in a child process."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lpa.card import schemes
from lpa.card.apdu import Transport
from lpa.cli.running import run as run_command
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.json_schemas.validation import check_printed

# Ctrl-C works in the child process, even if the process that runs the tests ignores it.
_START = (
    "import lpa.cli.main, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "lpa.cli.main.main()"
)
PROGRAM = (sys.executable, "-c", _START)
CTRL_C, CTRL_D = "\x03", "\x04"
PROMPTS = (b": ", b"[y/N] ")  # what a question ends with
_TIMEOUT = 20  # seconds without output


@dataclass(frozen=True)
class Ran:
    """The result of a command: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The document on stdout, for a command with `--json`."""
        return document(self.out)


def run(*arguments: object) -> Ran:
    """Run `lpa` in this process, without a terminal."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = run_command([str(argument) for argument in arguments])
    check_printed(printed := _content(out))
    return Ran(code, printed, _content(err))


def document(printed: str) -> dict[str, Any]:
    """The document that a command with `--json` printed. It follows the schema of the command."""
    check_printed(printed)
    found = json.loads(printed)
    assert isinstance(found, dict)
    return found


def run_beside_a_terminal(*arguments: object) -> Ran:
    """As `run`, but messages go to a terminal. Nobody types."""
    ours, theirs = pty.openpty()
    seen: list[bytes] = []
    reader = threading.Thread(target=lambda: seen.append(read_until(ours, ())))
    reader.start()
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with os.fdopen(theirs, "w", encoding="utf-8") as err, redirect_stdout(out), redirect_stderr(err):
        code = run_command([str(argument) for argument in arguments])
    reader.join()
    os.close(ours)
    return Ran(code, _content(out), seen[0].decode().replace("\r\n", "\n"))


def put_in(patch: pytest.MonkeyPatch, card_in: Callable[[Path], Transport]) -> None:
    """For commands in this process, `sim:PATH` opens the card that `card_in` makes of the folder."""
    patch.setattr(schemes, "registered", lambda _scheme: lambda path: card_in(Path(path)))


def converse(*arguments: object, types: str) -> Ran:
    """Run `lpa` in a child process with a terminal, and type `types` at the first question.

    `CTRL_C` is sent as a signal, as a terminal does.
    """
    return _at_a_terminal(arguments, [types])


def dialogue(*arguments: object, answers: Iterable[str]) -> Ran:
    """As `converse`, with one of `answers` for each question, typed when it is asked.

    Each is taken after the one before was typed.

    `CTRL_C` is sent as a signal; after `CTRL_D` there is no new line.
    """
    keys = (CTRL_C, CTRL_D)
    return _at_a_terminal(arguments, (text if text in keys else f"{text}\n" for text in answers))


def _at_a_terminal(arguments: Sequence[object], texts: Iterable[str]) -> Ran:
    ours, theirs = pty.openpty()
    command = [*PROGRAM, *map(str, arguments)]
    seen = b""
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        try:
            for text in texts:
                asked = read_until(ours, PROMPTS)
                assert asked.endswith(PROMPTS), f"no prompt for {text!r}: {(seen + asked).decode()}"
                seen += asked
                if text == CTRL_C:
                    interrupt(process, ours)
                else:
                    os.write(ours, os.fsencode(text))
            seen += read_until(ours, ())
        except BaseException:
            process.kill()  # It may wait for an answer for ever.
            raise
        os.close(ours)
        assert process.stdout
        out = process.stdout.read().decode()
    check_printed(out)
    return Ran(process.returncode, out, seen.decode(errors="backslashreplace").replace("\r\n", "\n"))


def refusal(ran: Ran) -> str:
    """Of a command that failed with exit code 3: message and advice, which are the end of stderr."""
    assert ran.code == 3, ran
    assert ran.err.count("lpa: ") == 1
    return ran.err.partition("lpa: ")[2]


def unsent_deletion(card: Path, state: Path, iccid: str) -> Path:
    """A state folder with a journal and the receipt of a deletion whose server was not reached."""
    ran = run("--reader", f"sim:{card}", "--state-dir", state, "delete", iccid, "--yes")
    assert ran.code == 4  # The name of the server does not resolve.
    return state


def card(folder: Path, *profiles: SimulatedProfile) -> Path:
    """A simulated card in the new `folder`: with these profiles, or the usual three."""
    SimulatedEuicc.create(folder, profiles=profiles or 3).close()
    return folder


def read_until(terminal: int, ends: bytes | tuple[bytes, ...]) -> bytes:
    """What the program writes until it ends with one of `ends`, or until it closes its side."""
    seen = b""
    while not (ends and seen.endswith(ends)):
        assert select.select([terminal], [], [], _TIMEOUT)[0], f"no more output after {seen!r}"
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # on Linux: the other side is closed
            break
        if not piece:
            break
        seen += piece
    return seen


def interrupt(process: subprocess.Popen[bytes], terminal: int) -> None:
    """Press Ctrl-C, and once more if nothing happens.

    A signal that arrives after Python checked for one, and before it begins to read, does not end the read.
    """
    for timeout in (5, 0):
        process.send_signal(signal.SIGINT)
        if select.select([terminal], [], [], timeout)[0]:
            break


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    binary = stream.buffer
    assert isinstance(binary, io.BytesIO)
    return binary.getvalue().decode()
