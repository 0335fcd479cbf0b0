"""The command that inserts a simulated card into a virtual reader: sim card."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

import click

from lpa.cli.commands import sim_behaviour
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
@sim_behaviour.options
@click.pass_obj
def card(
    console: Console, path: Path, *, vpcd: tuple[str, int], like: str | None, settings: list[tuple[str, str]]
) -> CommandResult:
    """Insert the card in PATH into a virtual reader (vpcd) until Ctrl-C.

    With --like or --behaviour it behaves so while it is in the reader; its own behaviour stays stored.
    """
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
    from lpa.sim.euicc.vpcd import serve

    host, port = vpcd
    load = partial(SimulatedEuicc.load, behaviour=sim_behaviour.behaviour(like, settings))
    with closing(sim_behaviour.with_usage_error(load, path, hint="'--like'")) as euicc:
        inserted = f"The card {euicc.eid} is in the reader at {host}:{port}. Ctrl-C removes it."
        console.screen.say(f"Waiting for the virtual reader at {host}:{port} ...")
        stop = stop_on_signal()
        euicc.on_busy = stop.wait
        serve(euicc, host, port, stop=stop, on_inserted=lambda: console.screen.say(inserted))
    if not stop.is_set():
        console.screen.say(f"The virtual reader at {host}:{port} has disconnected.")
    return CommandResult({"eid": euicc.eid})
