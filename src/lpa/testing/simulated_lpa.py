"""An assistant on a simulated card, with a simulated SM-DP+ that it reaches and trusts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from lpa.assistant import Assistant
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.euicc.state import FACTORY_DP_ADDRESS
from lpa.sim.servers.smdp import SimulatedSmdp


class SimulatedLpa(NamedTuple):
    """An assistant with its simulated card and the SM-DP+ of the card's profiles."""

    assistant: Assistant
    card: SimulatedEuicc
    smdp: SimulatedSmdp


@contextmanager
def simulated(
    card: SimulatedEuicc | None = None, *, smdp: SimulatedSmdp | None = None, state_dir: Path | None = None
) -> Iterator[SimulatedLpa]:
    """Open an `Assistant` on a simulated card, and run its SM-DP+ until the block ends.

    The assistant reaches the SM-DP+ under every name, and trusts it because the card trusts its CI.

    `card`: a new one in memory with three profiles, the first enabled, if None. It is closed with the block.
    `smdp`: a running one, instead of `smdp_for(card)`. `state_dir`: a temporary folder if None.
    """
    with ExitStack() as opened:
        card = SimulatedEuicc.create(None) if card is None else card
        smdp = opened.enter_context(smdp_for(card)) if smdp is None else smdp
        folder = state_dir or Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="lpa-")))
        https = opened.enter_context(Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]))
        servers = partial(Server, https=https)
        yield SimulatedLpa(
            opened.enter_context(Assistant(card, state_dir=folder, servers=servers)), card, smdp
        )


def smdp_for(card: SimulatedEuicc) -> SimulatedSmdp:
    """An SM-DP+, not running yet, certified by the card's authority, for all servers that the card knows.

    Its names are those of the servers in the card's profiles, and that of the default SM-DP+.
    """
    addresses = {address for profile in card.profiles for _, address in profile.notifications}
    host, *also = [*sorted(addresses - {FACTORY_DP_ADDRESS}), FACTORY_DP_ADDRESS]
    return SimulatedSmdp(card.authority, host=host, also=also)
