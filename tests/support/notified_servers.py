"""Servers that acknowledge or refuse notifications, and a card whose second profile names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from lpa.errors import LpaError
from lpa.notifications.sender import ServerFactory
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp


class Servers:
    """A factory of servers that acknowledge, or raise the error in `faults` for their host."""

    def __init__(self, **faults: LpaError) -> None:
        self.faults = {host.replace("_", "."): fault for host, fault in faults.items()}
        self.asked: list[tuple[str, int]] = []
        self.ci_pkids: list[object] = []

    def __call__(self, address: ServerAddress, /, *, ci_pkids: object = ()) -> Servers.One:
        self.ci_pkids.append(ci_pkids)
        return Servers.One(self, address)

    class One:
        def __init__(self, servers: Servers, address: ServerAddress) -> None:
            self.servers, self.address = servers, address

        def handshake(self) -> None:
            """The server can always be reached."""

        def handle_notification(self, pending: bytes) -> dict[str, str]:
            self.servers.asked.append((str(self.address), len(pending)))
            if self.address.host in self.servers.faults:
                raise self.servers.faults[self.address.host]
            return {}


def card_with(*addresses: str, events: tuple[str, ...] = ("enable", "disable", "delete")) -> SimulatedEuicc:
    """A card whose second profile asks for notifications to `addresses`."""
    first, second, third = SimulatedEuicc.create(None).profiles
    second = replace(second, notifications=tuple((events, address) for address in addresses))
    return SimulatedEuicc.create(None, profiles=[first, second, third])


@contextmanager
def simulated_servers(card: SimulatedEuicc) -> Iterator[tuple[ServerFactory, SimulatedSmdp]]:
    """A running simulated SM-DP+ for the profiles of `card`, and a factory of connections to it."""
    names = sorted({address for profile in card.profiles for address in profile.addresses("delete")})
    with (
        SimulatedSmdp(card.authority, host=names[0], also=names[1:]) as smdp,
        Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https,
    ):
        yield partial(Server, https=https), smdp
