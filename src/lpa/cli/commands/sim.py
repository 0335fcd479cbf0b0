"""Commands that simulate a card and a server: sim new, card, manners, server (and its orders)."""

from __future__ import annotations

import click

from lpa.cli.commands import sim_behaviour, sim_card, sim_new, sim_server
from lpa.cli.group import Group


@click.group(cls=Group)
def sim() -> None:
    """A simulated card and server, for trying things out."""


for command in (sim_new.new, sim_card.card, sim_behaviour.manners, sim_server.server):
    sim.add_command(command)
