"""The option --record, and the file that it writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import click

from lpa.cli.parsing import FILE
from lpa.cli.screen import Screen
from lpa.host import files

if TYPE_CHECKING:
    from lpa.sim.servers.simulated_server import Answered, Watch

RECORD = click.option(
    "--record", type=FILE, metavar="FILE", help="Record in this new file what is exchanged (a trace)."
)


def http_recorder(write: Callable[[str], None]) -> Watch:
    """Writes each exchange with a simulated server, without secrets: a real code may be sent to it."""
    from lpa.rsp.trace import first_line
    from lpa.server.traffic import redacted

    one_at_a_time = Lock()
    write(first_line(whole=False))

    def exchanged(path: str, headers: Message, body: bytes, answered: Answered) -> None:
        exchange = redacted(headers.get("Host", ""), path, (dict(headers.items()), body), answered)
        with one_at_a_time:
            write("\n".join(exchange.lines()))

    return exchanged


@contextmanager
def recording(path: Path, screen: Screen) -> Iterator[Callable[[str], None]]:
    """A function that writes a line to the new file `path`, at once. Only its owner can read the file.

    If the file cannot be written any more it is left as it is, with a warning: the recorded goes on. Raises a
    usage error if there is such a file, or it cannot be created.
    """
    if os.path.lexists(path):
        raise click.UsageError(f"{path} exists already: a recording is written to a new file.")
    try:
        file = os.fdopen(files.open_to_append(path), "a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise click.BadParameter(f"cannot write {path}: {error.strerror}.", param_hint="--record") from error
    failed = False

    def write(line: str) -> None:
        nonlocal failed
        if failed:
            return
        try:
            file.write(f"{line}\n")
        except OSError as error:
            failed = True
            screen.say(f"The recording in {path} is not complete: {error.strerror}.")

    try:
        yield write
    finally:
        with suppress(OSError):  # reported before
            file.close()
