"""A notification that a person removes unsent is kept, and not sent any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import CardBusy, ConnectFailed, Refused
from lpa.journal import DELETING, Journal
from lpa.notifications.changes import ProfileChange
from lpa.rsp.names import Iccid
from lpa.rsp.records import CHANGE_TAGS, NotificationEvent
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.journals import everything
from tests.support.notified_servers import Servers, card_with


@pytest.fixture
def euicc() -> SimulatedEuicc:
    return card_with("good.example")


@pytest.fixture
def assistant(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[Assistant]:
    """After a deletion whose notification could not be sent."""
    servers = Servers(good_example=ConnectFailed("down"))
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as assistant:
        assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
        servers.faults.clear()
        yield assistant


def test_it_is_removed_from_the_card_and_not_sent(assistant: Assistant) -> None:
    assert assistant.remove_notification(1).address == "good.example"
    assert list(assistant.notifications()) == []
    assert assistant.send_notifications() == ()
    (entry,) = everything(assistant.journal, assistant.eid)
    assert entry.abandoned
    assert len(assistant.receipts.of(assistant.eid)) == 1


def test_one_that_the_card_no_longer_has_is_not_sent(assistant: Assistant) -> None:
    assistant.euicc.notification_sent(1)
    assert assistant.remove_notification(1).address == "good.example"
    assert assistant.send_notifications() == ()


def test_one_that_neither_the_card_nor_this_computer_has_is_refused(assistant: Assistant) -> None:
    with pytest.raises(Refused, match="no notification 2 on the card or on this computer"):
        assistant.remove_notification(2)


def test_nothing_is_removed_from_a_card_that_another_process_has_locked(
    assistant: Assistant, tmp_path: Path
) -> None:
    with (
        closing(Journal(tmp_path / "state")) as another,
        another.lock(assistant.eid),
        pytest.raises(CardBusy),
    ):
        assistant.remove_notification(1)
    assert len(assistant.notifications()) == 1


def test_what_was_removed_before_its_operation_is_recovered_is_not_sent(
    euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    servers, target = Servers(), Iccid.parse(euicc.profiles[1].iccid)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        before = assistant.euicc.profiles(CHANGE_TAGS)
        operation = assistant.journal.begin(assistant.eid, "delete", before, target=target)
        operation.set_state(DELETING)
        assistant.euicc.delete_profile(target)
        assistant._outbox().collect(operation, [ProfileChange(NotificationEvent.DELETE, before[1])])
        assistant.remove_notification(1)
        (recovered,) = assistant.recover()
        assert (recovered.deliveries, servers.asked) == ((), [])
        assert assistant.journal.unfinished() == ()
