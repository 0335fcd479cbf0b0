"""The command that makes a simulated card: sim new."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.commands.interruption import changing
from lpa.cli.console import Console
from lpa.cli.group import Command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import FOLDER

if TYPE_CHECKING:
    from lpa.sim.crypto.pki import CurveName


@click.command(cls=Command)
@click.argument("path", type=FOLDER)
@click.option(
    "--profiles",
    default=3,
    type=click.IntRange(0, 100),
    show_default=True,
    help="Number of profiles on the card.",
)
@click.option(
    "--curve",
    default="P-256",
    type=click.Choice(["P-256", "brainpoolP256r1"]),
    show_default=True,
    help="Curve of the keys that are generated.",
)
@click.option(
    "--memory",
    default=400_000,
    type=click.IntRange(0, 2**31),
    show_default=True,
    help="Bytes that are free for downloads.",
)
@click.option(
    "--identity",
    type=FOLDER,
    metavar="DIR",
    help="A folder with the certificates (CI, EUM, eUICC) and the key of an existing eUICC.",
)
@click.pass_obj
def new(
    console: Console, path: Path, *, profiles: int, curve: CurveName, memory: int, identity: Path | None
) -> CommandResult:
    """Create a card in the new folder PATH. Use it with 'lpa --reader sim:PATH'.

    The folder also holds the certificate of the card's own CI (ci.pem) and its key, for 'lpa sim server'.
    With --identity the card has the certificates and key in DIR, in files of any name, and there is no CI
    key.
    """
    from lpa.sim.euicc.identity import CardIdentity
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

    with suppress(OSError):  # If there is no such folder; or one that cannot be read, which `create` reports.
        if any(path.iterdir()):
            raise click.UsageError(f"{path} exists already and is not empty.")
    known = CardIdentity.load(identity) if identity else None
    shows = f"'lpa --reader sim:{path} list' shows whether the card is complete."
    with changing(console.screen, "Interrupted while creating the card.", shows):
        card = SimulatedEuicc.create(path, profiles=profiles, curve=curve, free_memory=memory, identity=known)
        data = {"eid": card.eid, "path": path}
        console.screen.did(f"Created a card with EID {card.eid} in {path}.", plain(data), advice="")
        card.close()
    if known and known.ends < datetime.now(UTC):
        console.screen.say(f"Its certificates expired on {known.ends:%Y-%m-%d}; servers may reject it.")
    console.screen.line(f"Created a card with EID {card.eid} in {path}.")
    return CommandResult(data)
