"""A notification that a person gives up: it is kept, and sent no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import CardBusy, ConnectFailed, Refused
from lpa.journal import Journal
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.journals import everything
from tests.unit.notifications.test_outbox import Servers, card_with


@pytest.fixture
def euicc() -> SimulatedEuicc:
    return card_with("good.example")


@pytest.fixture
def assistant(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[Assistant]:
    """After a deletion of which no server knows yet."""
    servers = Servers(good_example=ConnectFailed("down"))
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as assistant:
        assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
        servers.faults.clear()
        yield assistant


def test_it_is_taken_from_the_card_and_sent_no_more(assistant: Assistant) -> None:
    assert assistant.remove_notification(1).address == "good.example"
    assert list(assistant.notifications()) == []
    assert assistant.send_notifications() == ()
    (entry,) = everything(assistant.journal, assistant.eid)
    assert entry.abandoned
    assert len(assistant.receipts.of(assistant.eid)) == 1


def test_what_the_card_no_longer_has_is_sent_no_more_either(assistant: Assistant) -> None:
    assistant.euicc.notification_sent(1)
    assert assistant.remove_notification(1).address == "good.example"
    assert assistant.send_notifications() == ()


def test_what_neither_the_card_nor_this_computer_has_cannot_be_given_up(assistant: Assistant) -> None:
    with pytest.raises(Refused, match="has no notification 2, and none is kept here"):
        assistant.remove_notification(2)


def test_nothing_is_taken_from_a_card_at_which_another_process_works(
    assistant: Assistant, tmp_path: Path
) -> None:
    with (
        closing(Journal(tmp_path / "state")) as another,
        another.lock(assistant.eid),
        pytest.raises(CardBusy),
    ):
        assistant.remove_notification(1)
    assert len(assistant.notifications()) == 1
