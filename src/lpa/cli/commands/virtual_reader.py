"""The option --vpcd, and how a card is put into that virtual reader."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import click

from lpa.cli.parsing import HOST_AND_PORT
from lpa.cli.screen import Screen

if TYPE_CHECKING:
    from lpa.sim.euicc.vpcd import Card

VPCD = click.option(
    "--vpcd",
    type=HOST_AND_PORT,
    metavar="HOST:PORT",
    default="localhost:35963",
    show_default=True,
    help="Address of the virtual reader.",
)


def announce(screen: Screen, address: tuple[str, int]) -> None:
    """Say that the reader is waited for; before this Ctrl-C must already be expected."""
    screen.say(f"Waiting for the virtual reader at {_written(address)} ...")


def serve(
    screen: Screen, card: Card, address: tuple[str, int], name: str, stop: Event, *, absence: float | None
) -> None:
    """Have `card` in the reader until `stop` is set or the reader disconnects, and say what happens.

    `name`: what a sentence calls it, such as "The card 8904...". `absence`: see `vpcd.serve`.
    """
    from lpa.sim.euicc import vpcd

    at = _written(address)
    vpcd.serve(
        card,
        *address,
        stop=stop,
        on_inserted=lambda: screen.say(f"{name} is in the reader at {at}. Ctrl-C removes it."),
        on_removed=lambda: screen.say("The card has left the reader."),
        absence=absence,
    )
    if not stop.is_set():
        screen.say(f"The virtual reader at {at} has disconnected.")


def _written(address: tuple[str, int]) -> str:
    host, port = address
    return f"{host}:{port}"
