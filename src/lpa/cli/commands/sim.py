"""Commands that simulate a card and a server: sim new, card, manners, server, replay, convert."""

from __future__ import annotations

import click

from lpa.cli.commands import sim_behaviour, sim_card, sim_new, sim_replay, sim_server
from lpa.cli.group import Group


@click.group(cls=Group)
def sim() -> None:
    """A simulated card and server, for trying things out."""


for command in (
    sim_new.new,
    sim_card.card,
    sim_behaviour.manners,
    sim_server.server,
    sim_replay.replay,
    sim_replay.convert,
):
    sim.add_command(command)
