"""For tests of `lpa download`: a card, its server, and the options that lead to both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.orders import Order
from lpa.sim.servers.packages import ProfilePackage
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import SimulatedSmds
from tests.support import command
from tests.support.orders import holds

HOST, DISCOVERY = "smdp.example", "smds.example"
SECRETS = ("SECRET-1", "4Y8TBX")


@dataclass
class DownloadParties:
    """A card, its server, and the options that lead to both."""

    card: Path
    smdp: SimulatedSmdp
    options: tuple[str, ...]

    @property
    def authority(self) -> Authority:
        with SimulatedEuicc.load(self.card) as card:
            return card.authority

    @property
    def installed(self) -> bool:
        with SimulatedEuicc.load(self.card) as card:
            return holds(card)

    def order(self, package: ProfilePackage | None = None, **terms: Any) -> Order:
        """An order for a package, by default a sample; `terms` as for `SimulatedSmdp.order`."""
        return self.smdp.order(package or packages.sample(name="Nordlicht Prepaid"), "SECRET-1", **terms)

    def run(self, *arguments: object) -> command.Ran:
        return kept_secret(command.run(*self.options, *arguments))

    def dialogue(self, *arguments: object, answers: tuple[str, ...]) -> command.Ran:
        return kept_secret(command.dialogue(*self.options, *arguments, answers=answers))


def way_through(parties: DownloadParties, *servers: SimulatedSmds) -> tuple[str, ...]:
    """The options that lead to these discovery servers too."""
    rows = [f"{server.host}:443:127.0.0.1:{server.port}" for server in servers]
    return (*(word for row in rows for word in ("--connect-to", row)), *parties.options)


def register(parties: DownloadParties, smds: SimulatedSmds, host: str, *matching_ids: str) -> None:
    """Register these events at `host` for the card with `smds`."""
    with SimulatedEuicc.load(parties.card) as card:
        for matching_id in matching_ids:
            smds.register(card.eid, host, matching_id)


def kept_secret(ran: command.Ran) -> command.Ran:
    """The result of a command, after a check that it shows none of the secrets."""
    for secret in SECRETS:
        assert secret not in ran.out + ran.err
    return ran


def made(folder: Path, behaviour: Behaviour | None = None) -> Iterator[DownloadParties]:
    """A new card in `folder`, and its server."""
    card = folder / "card"
    with SimulatedEuicc.create(card, behaviour=behaviour or Behaviour()) as made:
        authority = made.authority
    with SimulatedSmdp(authority, host=HOST, also=["*.smdp.example"], any_address=True) as smdp:
        options = ("--reader", f"sim:{card}", "--state-dir", str(folder / "state"))
        way = ("--ca-bundle", str(card / "ci.pem"), "--connect-to", smdp.connect_to)
        yield DownloadParties(card, smdp, (*options, *way))
