"""For tests of downloads: a card, a server with an order, and a client whose traffic a test can change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.apdu import Transport
from lpa.errors import LpaError
from lpa.rsp.activation import ActivationCode
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.trust import Trust
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.orders import Order
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.interfering import InterferedHttps

HOST = "smdp.example"
ICCID = packages.SAMPLE_ICCID


@contextmanager
def way_to(server: SimulatedSmdp, card: SimulatedEuicc, folder: Path) -> Iterator[InterferedHttps]:
    """A client that reaches `server`, and trusts the card's certificate authority."""
    card.authority.save(folder)
    trust = Trust.bundle(folder / "ci.pem")
    with InterferedHttps(trust, ConnectTo.parse(server.connect_to)) as https:
        yield https


@contextmanager
def assistant_with(card: Transport, https: InterferedHttps, folder: Path) -> Iterator[Assistant]:
    """An assistant for `card` that connects with `https`. `folder`: its state folder."""
    with Assistant(card, state_dir=folder, servers=partial(Server, https=https)) as assistant:
        yield assistant


def code_of(order: Order) -> ActivationCode:
    """The activation code of an order."""
    return ActivationCode.parse(order.activation_code)


def holds(card: SimulatedEuicc, iccid: str = ICCID) -> bool:
    """Whether the card has the profile."""
    return iccid in [profile.iccid for profile in card.profiles]


class OrderedDownload:
    """A card, a server with one order, and the client between them."""

    def __init__(
        self, card: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, folder: Path
    ) -> None:
        self.card, self.smdp, self.https, self.folder = card, smdp, https, folder
        self.order = self.ordered()

    def ordered(self) -> Order:
        """Make another order. Its number is in the ICCID."""
        number = len(self.smdp.orders)
        return self.smdp.order(
            packages.sample(iccid=f"894998500000009{number:04}", size=2500),
            f"ABC-{number}",
            downloads=100,
        )

    def download(self, order: Order | None = None) -> None:
        """Download and install the first order, or `order`."""
        with (
            assistant_with(self.card, self.https, self.folder) as assistant,
            assistant.download(code_of(order or self.order)) as offer,
        ):
            offer.install()

    def fails(self) -> LpaError:
        """The error that a download ends in."""
        with pytest.raises(LpaError) as caught:
            self.download()
        return caught.value

    def has_nothing(self) -> bool:
        """Whether the profile of the order is not on the card."""
        return not holds(self.card, self.order.iccid)

    def check_that_it_works_again(self) -> None:
        """Download another order, because some failures end the first one."""
        self.download(self.ordered())
        with assistant_with(self.card, self.https, self.folder) as assistant:
            assert not assistant.journal.unfinished()


def made(card: SimulatedEuicc, folder: Path) -> Iterator[OrderedDownload]:
    """A server with an order for `card`. `folder`: for the state and the certificate authority."""
    with SimulatedSmdp(card.authority, host=HOST) as smdp, way_to(smdp, card, folder / "pki") as https:
        yield OrderedDownload(card, smdp, https, folder / "state")
