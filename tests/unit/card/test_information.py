"""All that a card says about itself, in one fact."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa import Assistant, CardInfo
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.generations import Generation
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.disturbed import DisturbedCard


@pytest.mark.parametrize("generation", ["v2", "v3", "sgp32"])
def test_a_card_is_described_as_it_answers(generation: Generation, tmp_path: Path) -> None:
    card = SimulatedEuicc.create(None, behaviour=Behaviour(generation=generation))
    with Assistant(card, state_dir=tmp_path) as assistant:
        info, euicc = assistant.info(), assistant.euicc
        assert isinstance(info, CardInfo)
        assert (info.eid, info.aid, info.info2) == (euicc.eid, euicc.aid, euicc.euicc_info2())
        assert (info.configured_addresses, info.authorisation_rules) == (
            euicc.configured_addresses(),
            euicc.rules(),
        )
        assert info.profiles == len(assistant.profiles())
        assert info.eims == (tuple(euicc.eims()) if generation == "sgp32" else ())
        assert (info.info1, info.issuers) == (None, info.info2)
        assert info.manufacturer == euicc.eid.manufacturer


def test_a_card_is_asked_in_a_fixed_order_and_nothing_twice(tmp_path: Path) -> None:
    card = DisturbedCard(SimulatedEuicc.create(None))
    with Assistant(card, state_dir=tmp_path) as assistant:
        card.requests.clear()
        assistant.info()
        assert [f"{tag:X}" for tag in card.requests] == ["BF2D", "BF22", "BF3C", "BF43"]
