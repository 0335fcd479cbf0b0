"""Kinds of cards from the field over real PC/SC, whose reader reports an error when a card falls silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa import Assistant
from lpa.notifications.sender import ServerFactory
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

from .conftest import PlugIn

ALBION, *OTHERS = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.mark.parametrize("kind", ["silent-aid", "switch-lost"])
def test_an_enabled_profile_is_deleted_with_delivery(
    euicc: SimulatedEuicc, servers: ServerFactory, virtual_reader: PlugIn, tmp_path: Path, kind: str
) -> None:
    card = SimulatedEuicc.create(None, authority=euicc.authority, behaviour=Behaviour.like(kind))
    with virtual_reader(card), Assistant.open(state_dir=tmp_path, servers=servers) as assistant:
        outcome = assistant.delete(assistant.plan_deletion(ALBION, disable_first=True))
    assert [(one.event, one.removed) for one in outcome.deliveries] == [("disable", True), ("delete", True)]
    assert [profile.iccid for profile in card.profiles] == OTHERS
