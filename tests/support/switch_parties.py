"""For tests of commands that change a card: the card, its server, and the options that lead to both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command


@dataclass(frozen=True)
class SwitchParties:
    """A card, its server, and the options for both. `lost`: options with an unreachable server."""

    card: Path
    smdp: SimulatedSmdp
    found: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def eid(self) -> str:
        card = SimulatedEuicc.load(self.card)
        card.close()
        return card.eid

    @property
    def states(self) -> dict[str, str]:
        card = SimulatedEuicc.load(self.card)
        card.close()
        return {profile.iccid: profile.state for profile in card.profiles}

    @property
    def received(self) -> list[tuple[str, str]]:
        return [(item.event, str(item.iccid)) for item in self.smdp.received]


def made(folder: Path) -> Iterator[SwitchParties]:
    """In this folder, for a fixture."""
    card = command.card(folder / "card")
    place = ("--reader", f"sim:{card}", "--state-dir", str(folder / "state"))
    common = (*place, "--connect-to")
    with SimulatedSmdp(Authority.load(card), host="*.smdp.example", any_address=True) as smdp:
        # Nothing listens on port 1 of this computer.
        yield SwitchParties(card, smdp, (*common, smdp.connect_to), (*common, "::127.0.0.1:1"))
