"""What this LPA does with each kind of simulated card: it lists, deletes an enabled profile, and downloads.

`python -m tests.support.manner_outcomes` writes the table into the documentation; a test compares each row.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from lpa import ActivationCode, Assistant
from lpa.errors import LpaError
from lpa.notifications.delivery import Delivery
from lpa.notifications.sender import ServerFactory
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim import profile_sets, samples
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc import manners
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.manners import Manner
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.paths import DOCS

PAGE = DOCS / "simulator" / "cards.md"
DOWNLOADED = "8949985000000090000"
HEADER = "| Card | What it is | Lists | Disables and deletes | Downloads |\n|---|---|---|---|---|\n"
_TABLE = re.compile(re.escape(HEADER) + r"(?:\|.*\n)*")
_ADDRESS = "smdp.example"


@dataclass(frozen=True)
class Servers:
    """A running SM-DP+ for all cards of an authority, and the way to it."""

    authority: Authority
    smdp: SimulatedSmdp
    factory: ServerFactory


@contextmanager
def running() -> Iterator[Servers]:
    """One server for every card of the table."""
    authority = Authority.mint(now=datetime.now(UTC))
    hosts = {address for one in every_profile() for _, address in one.notifications}
    with (
        SimulatedSmdp(authority, host=_ADDRESS, also=sorted(hosts - {_ADDRESS})) as smdp,
        Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https,
    ):
        yield Servers(authority, smdp, partial(Server, https=https))


def every_profile() -> Iterable[SimulatedProfile]:
    """The profiles of all cards."""
    for manner in manners.every():
        yield from profiles_of(manner)


def profiles_of(manner: Manner) -> tuple[SimulatedProfile, ...]:
    """The profiles of a card of this kind; the first is enabled."""
    return profile_sets.template(manner.template).profiles if manner.template else samples.profiles(3)


def row(manner: Manner, servers: Servers) -> str:
    """The row of the table: "yes" if all is as with any card, else what is not."""
    cells = (f"`{manner.name}`", manner.summary, *outcomes(manner, servers))
    return f"| {' | '.join(cells)} |\n"


def outcomes(manner: Manner, servers: Servers) -> tuple[str, ...]:
    """What happens when its profiles are listed, the enabled one is deleted, and another is downloaded."""
    card = SimulatedEuicc.create(
        None,
        profiles=profiles_of(manner),
        behaviour=Behaviour.like(manner.name),
        authority=servers.authority,
        eid="89999999000000000000000000000000"[:30] + "68",
    )
    with tempfile.TemporaryDirectory() as folder:
        steps = (_listed, _deleted, partial(_downloaded, servers.smdp))
        done = tuple(_outcome(step, card, Path(folder), servers) for step in steps)
    seconds = card.behaviour.last_segment_seconds if done[-1].startswith("yes") else 0
    assert card.wire.operations["pause"] == seconds
    return done


def _outcome(step: Callable[[Assistant], str], card: SimulatedEuicc, folder: Path, servers: Servers) -> str:
    """Each step is a command of its own. The card stays powered, and is reset after an error."""
    try:
        with Assistant(card, state_dir=folder, servers=servers.factory) as assistant:
            return step(assistant)
    except LpaError as error:
        card.reset()
        return f"{type(error).__name__}: {error.message}"


def _listed(assistant: Assistant) -> str:
    profiles = assistant.profiles()
    assert not profiles.unreadable
    named = [profile.name or profile.service_provider for profile in profiles]
    assert len(profiles) in (3, 4)
    return "yes" if all(named) else "yes, by ICCID only: there are no names"


def _deleted(assistant: Assistant) -> str:
    target = next(profile for profile in assistant.profiles() if profile.enabled)
    outcome = assistant.delete(assistant.plan_deletion(target.iccid, disable_first=True))
    assert target.iccid not in [profile.iccid for profile in assistant.profiles()]
    return _done(outcome.deliveries, ["disable", "delete"])


def _downloaded(smdp: SimulatedSmdp, assistant: Assistant) -> str:
    package = packages.sample(DOWNLOADED, name="Travel")
    order = smdp.order(package, f"M-{len(smdp.orders)}")
    with assistant.download(ActivationCode.parse(order.activation_code)) as offer:
        outcome = offer.install()
    assert DOWNLOADED in [str(profile.iccid) for profile in assistant.profiles()]
    return _done(outcome.deliveries, ["install"])


def _done(deliveries: Iterable[Delivery], events: list[str]) -> str:
    """Whether the notifications of these events were acknowledged, and removed from the card."""
    done = [f"{one.event}: acknowledged {one.acknowledged}, removed {one.removed}" for one in deliveries]
    wanted = [f"{event}: acknowledged True, removed True" for event in events]
    return "yes" if done == wanted else f"yes; {'; '.join(done)}"


def table() -> str:
    """The whole table."""
    with running() as servers:
        return HEADER + "".join(row(manner, servers) for manner in manners.every())


def rows() -> dict[str, str]:
    """The rows of the table in the page, by the name of the card."""
    found = _TABLE.search(PAGE.read_text(encoding="utf-8"))
    lines = found[0].splitlines(keepends=True)[2:] if found else []
    return {line.split("`")[1]: line for line in lines}


if __name__ == "__main__":
    PAGE.write_text(_TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
