"""A download from the simulated SM-DP+, over TLS, by a card that was written by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lpa.sim.binding import Packaging
from lpa.sim.packages import sample
from lpa.sim.pki import Authority
from lpa.sim.smdp import SimulatedSmdp
from tests.unit.small_card import Client, SmallCard
from tests.unit.tls_faults import CI, NOW

PACKAGE = sample(size=10_600)


@pytest.fixture
def smdp() -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(CI) as running:
        yield running


@pytest.mark.parametrize("curve", ["P-256", "brainpoolP256r1"])
@pytest.mark.parametrize("packaging", [Packaging(), Packaging(replaces_session_keys=True)])
def test_a_card_gets_its_profile(curve: str, packaging: Packaging) -> None:
    ci = CI if curve == "P-256" else Authority.mint(curve="brainpoolP256r1", now=NOW)
    with SimulatedSmdp(ci) as smdp:
        smdp.packaging = packaging
        order = smdp.order(PACKAGE, "ABC-1")
        assert order.activation_code == "LPA:1$smdp.example$ABC-1"
        card, client = SmallCard(ci), Client(smdp, ci)
        assert card.load(card.downloaded(client)) == PACKAGE.elements
        assert order.state == "downloaded"
        client.ask("handleNotification", pendingNotification=card.result(PACKAGE.iccid.coded))
        assert order.state == "installed"
        (received,) = smdp.received
        assert (received.event, received.iccid, received.eid) == ("install", PACKAGE.iccid, card.eid)
