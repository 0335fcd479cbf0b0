"""Recovery on a card that always lists a profile that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import OutcomeUnknown
from lpa.journal import DELETING, DISABLING
from lpa.notifications.sender import ServerFactory
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.unfinished import iccid, interrupt, received, reported
from tests.support.unreadable_profile import UnreadableProfileCard


@pytest.fixture
def assistant(euicc: SimulatedEuicc, servers: ServerFactory, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant for a card of which the third profile can never be read."""
    card = UnreadableProfileCard(euicc, euicc.profiles[2].iccid)
    with Assistant(card, state_dir=tmp_path / "state", servers=servers) as assistant:
        yield assistant


def test_a_switch_is_found_beside_an_unreadable_profile(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    first = iccid(euicc, 0)
    interrupt(assistant, "disable", DISABLING, lambda: assistant.euicc.disable_profile(first, refresh=False))
    assistant.enable(iccid(euicc, 1))
    assert reported(assistant) == [("disable", "disable", str(first))]
    assert ("disable", str(first)) in received(smdp)
    assert assistant.journal.unfinished() == ()


def test_a_deletion_that_the_card_signed_is_found_beside_an_unreadable_profile(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = iccid(euicc, 1)
    interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    assistant.recover()
    assert reported(assistant) == [("delete", "delete", str(victim))]
    assert received(smdp) == [("delete", str(victim))]
    assert assistant.journal.unfinished() == ()


def test_a_profile_that_may_be_the_unreadable_one_is_not_taken_for_deleted(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    def vanish() -> None:
        assistant.euicc.delete_profile(iccid(euicc, 1))
        for metadata in assistant.notifications():
            assistant.euicc.notification_sent(metadata.sequence_number)

    interrupt(assistant, "delete", DELETING, vanish)
    with pytest.raises(OutcomeUnknown, match="lists a profile that cannot be read"):
        assistant.recover()
    assert [left.state for left in assistant.journal.unfinished()] == [DELETING]
