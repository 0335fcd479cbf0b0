"""The command that inserts a simulated card into a virtual reader: sim card."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.commands import sim_faults
from lpa.cli.commands.until_stopped import stop_on_signal
from lpa.cli.console import Console
from lpa.cli.group import Command
from lpa.cli.json_output import CommandResult
from lpa.cli.parsing import CARD_FAULT, FOLDER, HOST_AND_PORT

if TYPE_CHECKING:
    from lpa.sim.faults.language import Fault


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
@sim_faults.options(CARD_FAULT, "after DeleteProfile: unplug")
@click.pass_obj
def card(
    console: Console, path: Path, *, vpcd: tuple[str, int], faults: tuple[Fault, ...], storm: int | None
) -> CommandResult:
    """Insert the card in PATH into a virtual reader (vpcd) until Ctrl-C."""
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
    from lpa.sim.euicc.vpcd import serve

    host, port = vpcd
    with closing(SimulatedEuicc.load(path, randomness=sim_faults.randomness(storm))) as euicc:
        if storm is not None:
            faults += sim_faults.storm_of(storm).card
        sim_faults.begin(console.screen, euicc.faults, faults)
        inserted = f"The card {euicc.eid} is in the reader at {host}:{port}. Ctrl-C removes it."
        console.screen.say(f"Waiting for the virtual reader at {host}:{port} ...")
        stop = stop_on_signal()
        serve(
            euicc,
            host,
            port,
            stop=stop,
            on_inserted=lambda: console.screen.say(inserted),
            on_removed=lambda: console.screen.say("The card left the reader, and comes back."),
        )
    if not stop.is_set():
        console.screen.say(f"The virtual reader at {host}:{port} has disconnected.")
    return CommandResult({"eid": euicc.eid})
