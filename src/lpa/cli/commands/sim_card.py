"""The command that inserts a simulated card into a virtual reader: sim card."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.commands import sim_behaviour, sim_control, sim_faults, sim_seed, virtual_reader
from lpa.cli.commands.recording import RECORD, recording
from lpa.cli.commands.until_stopped import stop_on_signal
from lpa.cli.group import Command
from lpa.cli.json_output import CommandResult
from lpa.cli.parsing import CARD_FAULT, FOLDER

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.sim.faults.language import Fault
    from lpa.sim.wire.wire import Wire


@click.command(cls=Command)
@click.argument("path", type=FOLDER)
@virtual_reader.VPCD
@click.option(
    "--wire",
    "speed",
    metavar="SPEED",
    help="Be as slow as a real card: 9600 (baud), 512/32 (Fi/Di at 4 MHz), or atr, the speed of its ATR.",
)
@sim_behaviour.options
@sim_faults.options(CARD_FAULT, "after DeleteProfile: unplug")
@sim_seed.option("challenges and one-time keys")
@RECORD
@sim_control.CONTROL
@click.pass_obj
def card(
    console: Console,
    path: Path,
    *,
    vpcd: tuple[str, int],
    speed: str | None,
    like: str | None,
    settings: list[tuple[str, str]],
    faults: tuple[Fault, ...],
    storm: int | None,
    seed: int | None,
    record: Path | None,
    control: tuple[str, int] | None,
) -> CommandResult:
    """Insert the card in PATH into a virtual reader (vpcd) until Ctrl-C.

    With --like or --behaviour it behaves so while it is in the reader; its own behaviour stays stored. With
    --wire it takes the time that a model of line and card gives it, and finally prints the account. A
    recording contains everything, also the PINs and codes that are sent to the card.
    """
    from lpa.sim.control import card_commands
    from lpa.sim.crypto.seeds import seeded
    from lpa.sim.euicc.recorded_card import RecordedCard
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
    from lpa.sim.euicc.vpcd import ABSENCE

    wire = None if speed is None else _wire(speed)
    load = partial(
        SimulatedEuicc.load,
        behaviour=sim_behaviour.behaviour(like, settings),
        randomness=sim_faults.randomness(storm) if seed is None else seeded(seed, "card"),
    )
    with ExitStack() as opened:
        euicc = opened.enter_context(closing(sim_behaviour.with_usage_error(load, path, hint="'--like'")))
        write = opened.enter_context(recording(record, console.screen, whole=True)) if record else None
        if storm is not None:
            faults += sim_faults.storm_of(storm).card
        sim_faults.begin(console.screen, euicc.faults, faults)
        stop = stop_on_signal()
        virtual_reader.announce(console.screen, vpcd)
        euicc.on_busy = stop.wait
        if wire:
            euicc.wire, wire.sleep = wire, stop.wait
        if control:
            opened.enter_context(sim_control.opened(console.screen, card_commands(euicc), control))
        served = RecordedCard(euicc, write) if write else euicc
        absence = None if control else ABSENCE
        virtual_reader.serve(console.screen, served, vpcd, f"The card {euicc.eid}", stop, absence=absence)
    if wire:
        _show(console.screen, wire)
    return CommandResult({"eid": euicc.eid, "wire": wire and wire.account.to_json()})


def _wire(speed: str) -> Wire:
    from lpa.sim.wire.wire import Wire

    try:
        return Wire.parse(speed)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="'--wire'") from error


def _show(screen: Screen, wire: Wire) -> None:
    """The account, in seconds of the model."""
    account = wire.account
    screen.say(
        f"Line and card took {account.seconds:.1f} s: {account.line_seconds:.1f} s on the line at "
        f"{wire.baud:.0f} baud, {account.card_seconds:.1f} s for the card's own work."
    )
    screen.say(
        f"Commands: {account.commands}. Bytes to the card: {account.bytes_to_card}, "
        f"from it: {account.bytes_from_card}."
    )
