"""Which card it is: a download takes the EID from the certificate with which the card proves its identity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.es10 import Euicc, first_info1
from lpa.journal import PLANNED
from lpa.rsp.names import Eid
from lpa.server.es9 import Server
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.orders import HOST, code_of, way_to
from tests.support.unfinished import interrupt

EID, INFO1 = 0xBF3E, 0xBF20


@pytest.fixture
def smdp(euicc: SimulatedEuicc) -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(euicc.authority, host=HOST) as smdp:
        yield smdp


@pytest.fixture
def assistant(
    card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> Iterator[Assistant]:
    """An assistant whose session begins as that of the command, without reading the EID."""
    opened = Euicc(card, first=first_info1())
    with (
        way_to(smdp, euicc, tmp_path / "pki") as https,
        Assistant(
            card, euicc=opened, state_dir=tmp_path / "state", servers=partial(Server, https=https)
        ) as assistant,
    ):
        yield assistant


def test_the_eid_is_taken_from_the_certificate_of_the_card(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    """Journal and receipts have the same EID as if the card was asked for it, which it is not."""
    with assistant.download(code_of(smdp.order(packages.sample(), "ABC-1"))) as offer:
        (delivery,) = offer.install().deliveries
    assert delivery.receipt
    assert str(assistant.eid) == euicc.eid
    assert assistant.receipts.of(Eid.parse(euicc.eid))
    assert EID not in card.requests
    assert card.requests.count(INFO1) == 1


def test_an_interrupted_operation_is_recovered_before_a_download(
    assistant: Assistant, smdp: SimulatedSmdp
) -> None:
    interrupt(assistant, "delete", PLANNED)
    with assistant.download(code_of(smdp.order(packages.sample(), "ABC-1"))):
        assert [one.function for one in assistant.recovered] == ["delete"]


def test_without_an_interrupted_operation_recovery_asks_the_card_nothing(
    assistant: Assistant, card: DisturbedCard
) -> None:
    card.requests.clear()
    assert assistant.recover() == ()
    assert card.requests == []
