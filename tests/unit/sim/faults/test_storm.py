"""Storms come again."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from lpa.errors import LpaError
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.faults.language import EVERY
from lpa.sim.faults.storm import storm
from lpa.sim.faults.vocabulary import card_words, server_words


def test_a_storm_is_made_from_its_number_alone() -> None:
    assert storm(42) == storm(42)
    assert len({storm(seed) for seed in range(50)}) > 40
    (fault,) = storm(42).card
    assert str(fault) == "instead of 1st block 3 of AuthenticateServer: lose answer"


def test_storms_contain_every_action_that_can_lose_nothing() -> None:
    storms = [storm(seed) for seed in range(2000)]
    card = {fault.action for one in storms for fault in one.card}
    assert card == {*card_words().actions} - {"busy", "notification store full"}
    assert {fault.action for one in storms for fault in one.server} == {*server_words().actions}
    assert all(1 <= len(one.card) <= 4 >= len(one.server) for one in storms)
    assert not [fault for one in storms for fault in (*one.card, *one.server) if fault.nth == EVERY]


def transcript(seed: int) -> list[object]:
    """All that a card in a storm answers."""
    numbers = random.Random(seed)  # noqa: S311 - it shall come again
    card = SimulatedEuicc.create(
        None, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), randomness=numbers.randbytes
    )
    card.faults.sleep = lambda _: None
    card.faults.add(*storm(seed).card)
    answers: list[object] = [card.eid]
    for command in ("00A4040010A0000005591010FFFFFFFF8900000100", "80E2910003BF2E00", "00C0000015") * 10:
        try:
            answers.append(card.transmit(bytes.fromhex(command)))
        except LpaError as error:
            answers.append(str(error))
            card.insert()
    return [*answers, [str(fault) for fault in card.faults.happened]]


@pytest.mark.parametrize("seed", [1, 42])
def test_the_same_number_gives_the_same_run_byte_for_byte(seed: int) -> None:
    assert transcript(seed) == transcript(seed)
    assert transcript(seed) != transcript(seed + 1)
