"""The command that inserts a simulated card into a virtual reader: sim card."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import click

from lpa.cli.commands.recording import RECORD, recording
from lpa.cli.commands.until_stopped import stop_on_signal
from lpa.cli.console import Console
from lpa.cli.group import Command
from lpa.cli.json_output import CommandResult
from lpa.cli.parsing import FOLDER, HOST_AND_PORT


@click.command(cls=Command)
@click.argument("path", type=FOLDER)
@click.option(
    "--vpcd",
    type=HOST_AND_PORT,
    metavar="HOST:PORT",
    default="localhost:35963",
    show_default=True,
    help="Address of the virtual reader.",
)
@RECORD
@click.pass_obj
def card(console: Console, path: Path, vpcd: tuple[str, int], record: Path | None) -> CommandResult:
    """Insert the card in PATH into a virtual reader (vpcd) until Ctrl-C.

    A recording contains everything, also the PINs and codes that are sent to the card.
    """
    from lpa.sim.euicc.recorded_card import RecordedCard
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
    from lpa.sim.euicc.vpcd import serve

    host, port = vpcd
    with ExitStack() as opened:
        euicc = opened.enter_context(closing(SimulatedEuicc.load(path)))
        write = opened.enter_context(recording(record, console.screen, whole=True)) if record else None
        inserted = f"The card {euicc.eid} is in the reader at {host}:{port}. Ctrl-C removes it."
        console.screen.say(f"Waiting for the virtual reader at {host}:{port} ...")
        stop = stop_on_signal()
        inserted_card = RecordedCard(euicc, write) if write else euicc
        serve(inserted_card, host, port, stop=stop, on_inserted=lambda: console.screen.say(inserted))
    if not stop.is_set():
        console.screen.say(f"The virtual reader at {host}:{port} has disconnected.")
    return CommandResult({"eid": euicc.eid})
