"""The option --control of the simulated card and server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lpa.cli.parsing import LISTENING_PLACE

if TYPE_CHECKING:
    from lpa.cli.screen import Screen
    from lpa.sim.control import Command

CONTROL = click.option(
    "--control",
    type=LISTENING_PLACE,
    metavar="HOST:PORT",
    help="Take commands of other programs there, as lines of JSON; port 0 is a free one.",
)


@contextmanager
def opened(screen: Screen, commands: Mapping[str, Command], address: tuple[str, int]) -> Iterator[None]:
    """Take commands during the `with` block. Raises a usage error if the address cannot be used."""
    from lpa.sim.control import ControlSocket

    host, port = address
    try:
        control = ControlSocket(commands, host, port)
    except OSError as error:
        raise click.BadParameter(
            f"cannot listen at {host}:{port}: {error.strerror}.", param_hint="'--control'"
        ) from error
    with control:
        screen.say(f"It takes commands at {host}:{control.port}.")
        yield
