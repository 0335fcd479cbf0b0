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

from lpa.cli import trace_file
from lpa.cli.parsing import FILE
from lpa.rsp.trace import first_line

if TYPE_CHECKING:
    from lpa.cli.screen import Screen
    from lpa.sim.faults.server_faults import Reply
    from lpa.sim.servers.simulated_server import Watch

RECORD = click.option(
    "--record", type=FILE, metavar="FILE", help="Append to this file what is exchanged, as a trace."
)


def http_recorder(write: Callable[[str], None]) -> Watch:
    """Writes each exchange with a simulated server, without secrets: a real code may be sent to it."""
    from lpa.server.http_traffic import redacted

    one_at_a_time = Lock()
    write(first_line(whole=False))

    def exchanged(path: str, headers: Message, body: bytes, answered: Reply) -> None:
        exchange = redacted(headers.get("Host", ""), path, (dict(headers.items()), body), answered)
        with one_at_a_time:
            write("\n".join(exchange.lines()))

    return exchanged


@contextmanager
def recording(path: Path, screen: Screen, *, whole: bool) -> Iterator[Callable[[str], None]]:
    """A function that appends a line to the file `path`, at once. Only its owner can read the file.

    If the file cannot be written any more it is left as it is, with a warning: the recorded goes on. Raises a
    usage error if the file is anything but such a recording, or cannot be written.
    """
    descriptor = trace_file.open_to_append(path, "--record", whole=whole)
    file = os.fdopen(descriptor, "ab", buffering=0)  # what failed is not kept for later
    failed = False

    def write(line: str) -> None:
        nonlocal failed
        if failed:
            return
        try:
            file.write(f"{line}\n".encode())
        except OSError as error:
            failed = True
            screen.say(f"The recording in {path} is not complete: {error.strerror}.")

    try:
        yield write
    finally:
        with suppress(OSError):  # reported before
            file.close()
