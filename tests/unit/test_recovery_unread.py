"""What was begun and not finished on a card that always lists something that cannot be read."""

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
from tests.support.redaction import HidingCard
from tests.support.unfinished import iccid, received, stop, told


@pytest.fixture
def strange(euicc: SimulatedEuicc, servers: ServerFactory, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant for a card of which the third profile can never be read."""
    card = HidingCard(euicc, euicc.profiles[2].iccid)
    with Assistant(card, state_dir=tmp_path / "state", servers=servers) as assistant:
        yield assistant


def test_what_cannot_be_read_hides_no_switch_of_what_is_listed(
    strange: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    first = iccid(euicc, 0)
    stop(strange, "disable", DISABLING, lambda: strange.euicc.disable_profile(first, refresh=False))
    strange.enable(iccid(euicc, 1))
    assert told(strange) == [("disable", "disable", str(first))]
    assert ("disable", str(first)) in received(smdp)
    assert strange.journal.unfinished() == ()


def test_a_deletion_that_the_card_has_signed_is_found_beside_what_cannot_be_read(
    strange: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = iccid(euicc, 1)
    stop(strange, "delete", DELETING, lambda: strange.euicc.delete_profile(victim))
    strange.recover()
    assert told(strange) == [("delete", "delete", str(victim))]
    assert received(smdp) == [("delete", str(victim))]
    assert strange.journal.unfinished() == ()


def test_a_profile_that_may_be_what_cannot_be_read_is_not_taken_for_deleted(
    strange: Assistant, euicc: SimulatedEuicc
) -> None:
    def vanish() -> None:
        strange.euicc.delete_profile(iccid(euicc, 1))
        for waits in strange.notifications():
            strange.euicc.notification_sent(waits.sequence_number)

    stop(strange, "delete", DELETING, vanish)
    with pytest.raises(OutcomeUnknown, match="lists what cannot be read"):
        strange.recover()
    assert [left.state for left in strange.journal.unfinished()] == [DELETING]
