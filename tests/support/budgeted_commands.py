"""The commands whose APDUs have a budget, each run on a new card in a real PC/SC reader."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lpa import Assistant
from lpa.sim import samples
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing.pcscd import PrivatePcscd
from lpa.testing.simulated_lpa import smdp_for
from tests.support import command
from tests.support.budgets import Measure
from tests.support.counted import CountedCard, Exchange, download_floor

TABLE = "apdus"
ICON = 1024  # bytes
USUAL = 10_600  # bytes of a profile
DOWNLOAD = "download, above its floor"

Words = Callable[[SimulatedEuicc, SimulatedSmdp], Sequence[str]]


@dataclass(frozen=True)
class Budgeted:
    """A command: its words, and the card that it is run on."""

    words: Words
    profiles: int = 3
    pending: int = 0


COMMANDS: dict[str, Budgeted] = {
    "list, 3 profiles": Budgeted(lambda _card, _smdp: ["list"]),
    "list, 8 profiles": Budgeted(lambda _card, _smdp: ["list"], profiles=8),
    "info": Budgeted(lambda _card, _smdp: ["info"]),
    "show, the enabled profile": Budgeted(lambda card, _smdp: ["show", card.profiles[0].iccid[-4:]]),
    "notifications list, none pending": Budgeted(lambda _card, _smdp: ["notifications", "list"]),
    "delete --plan, 3 profiles": Budgeted(lambda card, _smdp: ["delete", card.profiles[1].iccid, "--plan"]),
    "delete --yes, 3 profiles": Budgeted(lambda card, _smdp: ["delete", card.profiles[1].iccid, "--yes"]),
    "delete --yes, 8 profiles": Budgeted(
        lambda card, _smdp: ["delete", card.profiles[1].iccid, "--yes"], profiles=8
    ),
    "enable": Budgeted(lambda card, _smdp: ["enable", card.profiles[1].iccid]),
    "disable": Budgeted(lambda card, _smdp: ["disable", card.profiles[0].iccid]),
    "rename": Budgeted(lambda card, _smdp: ["rename", card.profiles[0].iccid, "New name"]),
    DOWNLOAD: Budgeted(
        lambda _card, smdp: [
            "download",
            smdp.order(packages.sample(size=USUAL), "ABC-1").activation_code,
            "--yes",
        ]
    ),
}


@dataclass(frozen=True)
class Counted:
    """What a command asked the card, and how it ended."""

    measure: Measure
    exchanges: tuple[Exchange, ...]
    card: SimulatedEuicc
    ran: command.Ran


def counted(name: str, service: PrivatePcscd) -> Counted:
    """Run a command in this process, with its card in the first of two readers of `service`."""
    budgeted = COMMANDS[name]
    with ready(budgeted.profiles, budgeted.pending) as (card, smdp, options):
        inserted = CountedCard(card)
        words = budgeted.words(card, smdp)
        with service.reader(inserted):
            inserted.exchanges.clear()
            card.wire.reset()
            ran = command.run(*options, *words)
            exchanges = tuple(inserted.exchanges)
    least = download_floor(exchanges) if name == DOWNLOAD else 0
    return Counted(Measure(TABLE, name, len(exchanges) - least, "APDU"), exchanges, card, ran)


@contextmanager
def ready(profiles: int, pending: int) -> Iterator[tuple[SimulatedEuicc, SimulatedSmdp, Sequence[str]]]:
    """A card with so many profiles and pending notifications, its server, and the options that lead there."""
    card = card_with(profiles, pending)
    with smdp_for(card) as smdp, tempfile.TemporaryDirectory() as folder:
        card.authority.save(Path(folder))
        state = f"{folder}/state"
        yield (
            card,
            smdp,
            ("--ca-bundle", f"{folder}/ci.pem", "--connect-to", smdp.connect_to, "--state-dir", state),
        )


def card_with(profiles: int, pending: int) -> SimulatedEuicc:
    """A T=0 card whose profiles have icons. `pending`: notifications of deletions that nobody has sent."""
    made = [replace(profile, icon=bytes(ICON)) for profile in samples.profiles(profiles + pending)]
    behaviour = Behaviour(notification_capacity=max(32, pending + 8))
    card = SimulatedEuicc.create(None, profiles=made, behaviour=behaviour, free_memory=1 << 20)
    with Assistant(card) as assistant:
        for profile in assistant.profiles()[profiles:] if pending else ():
            assistant.euicc.delete_profile(profile.iccid)
    return card
