"""The options --fault and --storm of the simulated card and server."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from lpa.cli.screen import Screen
    from lpa.sim.crypto.pki import Randomness
    from lpa.sim.faults.language import Fault
    from lpa.sim.faults.schedule import FaultSchedule
    from lpa.sim.faults.storm import Storm

_Command = TypeVar("_Command", bound=Callable[..., Any])


def options(parse: Callable[[str], Fault], example: str) -> Callable[[_Command], _Command]:
    """The two options, for a card's or a server's faults."""

    def with_options(command: _Command) -> _Command:
        seed = click.option(
            "--storm", type=click.IntRange(0), metavar="NUMBER", help="Add the random faults of this number."
        )
        fault = click.option(
            "--fault",
            "faults",
            multiple=True,
            type=parse,
            metavar="FAULT",
            help=f"What shall go wrong, such as '{example}'; may be repeated.",
        )
        return fault(seed(command))

    return with_options


def storm_of(seed: int) -> Storm:
    """The faults of a storm."""
    from lpa.sim.faults.storm import storm

    return storm(seed)


def randomness(seed: int | None) -> Randomness:
    """The random numbers of a card: those of its storm, so that its answers are the same each time."""
    return os.urandom if seed is None else random.Random(seed).randbytes  # noqa: S311 - a simulated card


def begin(screen: Screen, schedule: FaultSchedule, faults: tuple[Fault, ...]) -> None:
    """Add the faults, list them, and print each one again when it happens."""
    schedule.add(*faults)
    schedule.on_fault = lambda fault: screen.say(f"Fault: {fault}")
    if faults:
        screen.say("These faults are to happen:")
    for fault in faults:
        screen.say(f"  {fault}")
