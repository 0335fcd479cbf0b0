"""What tests of downloads share: a server with an order, and the way to it that can be interfered with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from lpa import Assistant
from lpa.card.apdu import Transport
from lpa.rsp.activation import ActivationCode
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.trust import Trust
from lpa.sim import packages
from lpa.sim.card import SimulatedEuicc
from lpa.sim.orders import Order
from lpa.sim.smdp import SimulatedSmdp
from tests.interfering import InterferedHttps

ICCID = packages.SAMPLE_ICCID


@contextmanager
def way_to(server: SimulatedSmdp, card: SimulatedEuicc, folder: Path) -> Iterator[InterferedHttps]:
    """The way from the LPA to `server`, which is trusted by the card's authority."""
    card.authority.save(folder)
    trust = Trust.bundle(folder / "ci.pem")
    with InterferedHttps(trust, ConnectTo.parse(server.connect_to)) as https:
        yield https


@contextmanager
def assistant_with(card: Transport, https: InterferedHttps, folder: Path) -> Iterator[Assistant]:
    """An assistant that speaks with `card`, keeps what it keeps in `folder`, and goes that way."""
    with Assistant(card, state_dir=folder, directory=partial(Server, https=https)) as assistant:
        yield assistant


def code_of(order: Order) -> ActivationCode:
    """The activation code of an order."""
    return ActivationCode.parse(order.activation_code)


def holds(card: SimulatedEuicc, iccid: str = ICCID) -> bool:
    """Whether the card has the profile."""
    return iccid in [profile.iccid for profile in card.profiles]
