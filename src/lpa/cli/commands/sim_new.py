"""The command that makes a simulated card: sim new."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.commands import sim_behaviour, sim_seed
from lpa.cli.commands.interruption import changing
from lpa.cli.group import Command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import FILE, FOLDER

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.sim.crypto.pki import CurveName
    from lpa.sim.profile_sets import ProfileSet


@click.command(cls=Command)
@click.argument("path", type=FOLDER)
@click.option(
    "--profiles",
    type=click.IntRange(0, 100),
    help="Number of sample profiles on the card.  [default: 3]",
)
@click.option("--template", metavar="NAME", help="Profiles of a kind: empty, full, iot, travel or work.")
@click.option(
    "--profiles-from",
    type=FILE,
    metavar="FILE",
    help="The profiles that a TOML file describes, see docs/simulator/cards.md.",
)
@sim_behaviour.options
@click.option(
    "--curve",
    default="P-256",
    type=click.Choice(["P-256", "brainpoolP256r1"]),
    show_default=True,
    help="Curve of the keys that are generated.",
)
@click.option(
    "--memory",
    type=click.IntRange(0, 2**31),
    help="Bytes that are free for downloads.  [default: 400000, or as the template says]",
)
@click.option(
    "--identity",
    type=FOLDER,
    metavar="DIR",
    help="A folder with the certificates (CI, EUM, eUICC) and the key of an existing eUICC.",
)
@sim_seed.option("EID and keys")
@click.pass_obj
def new(
    console: Console,
    path: Path,
    *,
    profiles: int | None,
    template: str | None,
    profiles_from: Path | None,
    like: str | None,
    settings: list[tuple[str, str]],
    curve: CurveName,
    memory: int | None,
    identity: Path | None,
    seed: int | None,
) -> CommandResult:
    """Create a card in the new folder PATH. Use it with 'lpa --reader sim:PATH'.

    The folder also holds the certificate of the card's own CI (ci.pem) and its key, for 'lpa sim server'.
    With --identity the card has the certificates and key in DIR, in files of any name, and there is no CI
    key. With --seed the folder is the same byte for byte whenever it is made, and so is the EID.
    """
    from lpa.sim.crypto.seeds import CERTIFIED, seeded
    from lpa.sim.euicc.behaviour import Behaviour
    from lpa.sim.euicc.identity import CardIdentity
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
    from lpa.sim.euicc.state import SPARE_MEMORY

    behaviour = sim_behaviour.behaviour(like, settings) or Behaviour()
    chosen = _profiles(profiles, template, profiles_from, like)
    with suppress(OSError):  # If there is no such folder; or one that cannot be read, which `create` reports.
        if any(path.iterdir()):
            raise click.UsageError(f"{path} exists already and is not empty.")
    known = CardIdentity.load(identity) if identity else None
    if known and behaviour.second_isdr_aid:
        raise click.UsageError("A card with an --identity has one secure element.")
    now = datetime.now(UTC) if seed is None else CERTIFIED
    shows = f"'lpa --reader sim:{path} list' shows whether the card is complete."
    with changing(console.screen, "Interrupted while creating the card.", shows):
        create = partial(
            SimulatedEuicc.create,
            profiles=chosen.profiles,
            second_profiles=chosen.second_profiles,
            behaviour=behaviour,
            curve=curve,
            free_memory=next(size for size in (memory, chosen.free_memory, SPARE_MEMORY) if size is not None),
            identity=known,
            clock=lambda: now,
            randomness=seeded(seed, "new card"),
        )
        hint = "'--profiles-from'" if profiles_from else "PATH or options"
        card = sim_behaviour.with_usage_error(create, path, hint=hint)
        data = {"eid": card.eid, "path": path}
        console.screen.did(f"Created a card with EID {card.eid} in {path}.", plain(data), advice="")
        card.close()
    if known and known.ends < datetime.now(UTC):
        console.screen.say(f"Its certificates expired on {known.ends:%Y-%m-%d}; servers may reject it.")
    console.screen.line(f"Created a card with EID {card.eid} in {path}.")
    return CommandResult(data)


def _profiles(number: int | None, template: str | None, file: Path | None, like: str | None) -> ProfileSet:
    """The profiles that the options ask for. Raises a usage error for a bad one, and for two."""
    from lpa.sim import profile_sets, samples
    from lpa.sim.euicc import manners

    given = {"--profiles": number, "--template": template, "--profiles-from": file}
    if len(asked := [option for option, value in given.items() if value is not None]) > 1:
        raise click.UsageError(f"{asked[0]} and {asked[1]} both say which profiles the card has: give one.")
    if file is not None:
        return sim_behaviour.with_usage_error(profile_sets.read, file, hint="'--profiles-from'")
    if number is None and template is None and like is not None:
        template = manners.find(like).template or None
    if template is not None:
        return sim_behaviour.with_usage_error(profile_sets.template, template, hint="'--template'")
    return profile_sets.ProfileSet(samples.profiles(3 if number is None else number))
