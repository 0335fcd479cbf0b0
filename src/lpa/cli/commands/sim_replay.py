"""The commands about traces: sim replay, sim convert."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.commands import virtual_reader
from lpa.cli.commands.until_stopped import stop_on_signal
from lpa.cli.group import Command
from lpa.cli.json_output import CommandResult
from lpa.cli.parsing import FILE

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.sim.euicc.replay import Replay

_LARGEST = 1 << 26  # bytes of a log or trace: it is read as a whole


@click.command(cls=Command)
@click.argument("trace", type=FILE)
@virtual_reader.VPCD
@click.option(
    "--lenient", is_flag=True, help="Answer commands in any order, each with its next recorded answer."
)
@click.pass_obj
def replay(console: Console, trace: Path, vpcd: tuple[str, int], *, lenient: bool) -> CommandResult:
    """Insert a card that answers as recorded in TRACE into a virtual reader (vpcd) until Ctrl-C.

    It insists on the recorded commands in their order: the first other one removes the card and ends this,
    with a sentence that has the line of the trace. A reset after the last command starts the trace over.
    """
    card = _replay(trace, lenient=lenient)
    stop = stop_on_signal()
    virtual_reader.announce(console.screen, vpcd)
    virtual_reader.serve(console.screen, card, vpcd, f"The replay of {trace}", stop, absence=None)
    return CommandResult({"path": trace, "remaining": card.remaining})


@click.command(cls=Command)
@click.argument("log", type=FILE)
@click.pass_obj
def convert(console: Console, log: Path) -> CommandResult:
    """Print what LOG has of a card as a trace. LOG is the log of another program, or - for stdin.

    Known are the logs of lpac, pcscd, ModemManager and AT commands, 'lpa -vv', and arrows before hexadecimal
    digits. PINs, the contents of profile files and the messages of a download are hidden, and no other line
    of the log is printed. The trace still names the card and its profiles: read it before you share it.
    """
    from lpa.card.traffic import redacted_log
    from lpa.rsp.foreign_logs import find_exchanges
    from lpa.rsp.trace import Trace

    try:
        found = find_exchanges(_text(log))
    except ValueError as error:
        raise click.UsageError(f"{log} cannot be converted: {error}.") from error
    exchanges = tuple(redacted_log(found.exchanges))
    lines = list(Trace(exchanges).lines())
    for line in lines:
        console.screen.line(line)
    commands, others = len(exchanges), len(found.other_lines)
    console.screen.say(f"{_counted(commands, 'command')} found; {_counted(others, 'other line')} left out.")
    return CommandResult({"trace": lines, "commands": commands, "other_lines": others})


def _replay(path: Path, *, lenient: bool) -> Replay:
    from lpa.rsp.trace import Trace
    from lpa.sim.euicc.replay import Replay

    try:
        return Replay(Trace.parse(_text(path)), lenient=lenient)
    except ValueError as error:
        raise click.UsageError(f"{path} cannot be replayed: {error}.") from error


def _text(path: Path) -> str:
    """The text of a file, or of stdin. Bytes that are no text never belong to an exchange."""
    try:
        with click.open_file(str(path), "rb") as file:
            content: bytes = file.read(_LARGEST + 1)
    except OSError as error:
        raise click.UsageError(f"cannot read {path}: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise click.UsageError(f"{path} is larger than {_LARGEST >> 20} MiB.")
    return content.decode(errors="replace")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
