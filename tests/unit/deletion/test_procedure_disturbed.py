"""Deletions with disturbances: a refusal, a false answer, a pulled card, a full disk, no server."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import (
    BadAnswer,
    ConnectFailed,
    EuiccRefused,
    OutcomeUnknown,
    Refused,
    StorageFailed,
    WireError,
)
from lpa.notifications.sender import ServerFactory
from lpa.rsp.names import ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard

DELETE, RETRIEVE, SENT, LIST, PROFILES, INFO1 = 0xBF33, 0xBF2B, 0xBF30, 0xBF28, 0xBF2D, 0xBF20

DELETED, FORBIDDEN = "BF3303800100 9000", "BF3303800103 9000"
NO_LIST, UNREADABLE = "6F00", "BF2D09A007E3055A030102039000"  # The profile may be the unreadable item.


def iccids(euicc: SimulatedEuicc) -> list[str]:
    return [profile.iccid for profile in euicc.profiles]


def on_card(assistant: Assistant) -> list[tuple[int, str]]:
    return [(one.sequence_number, one.event) for one in assistant.notifications()]


def test_a_refused_deletion_changes_nothing(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, FORBIDDEN)
    with pytest.raises(EuiccRefused) as caught:
        assistant.delete(plan)
    assert (caught.value.reason, caught.value.code) == ("disallowedByPolicy", 3)
    assert len(iccids(euicc)) == 3
    assert smdp.received == ()


@pytest.mark.parametrize("listed", [NO_LIST, UNREADABLE])
def test_a_refusal_counts_unless_the_card_shows_that_the_profile_is_gone(
    listed: str, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, FORBIDDEN)
    card.instead(PROFILES, listed)
    with pytest.raises(EuiccRefused):
        assistant.delete(plan)


def test_a_card_that_does_not_know_the_iccid_is_asked_by_aid(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, "BF3303800101 9000")
    card.requests.clear()
    assistant.delete(plan)
    assert card.requests[:4] == [INFO1, DELETE, PROFILES, DELETE]
    assert str(plan.profile.iccid) not in iccids(euicc)
    assert len(smdp.received) == 1


def test_a_card_that_knows_neither_iccid_nor_aid_is_asked_twice(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, "BF3303800101 9000", "BF3303800101 9000", "BF3303800101 9000")
    with pytest.raises(EuiccRefused):
        assistant.delete(plan)
    assert card.requests.count(DELETE) == 2


@pytest.mark.parametrize("answer", ["6F00", "9000", "BF33 9000", "BF33038001 9000", "BF3303800100AA 9000"])
def test_a_deletion_whose_answer_is_lost_is_verified_by_reading_the_card(
    answer: str, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = euicc.profiles[1].iccid
    plan = assistant.plan_deletion(victim)
    card.instead(DELETE, answer, carried_out=True)
    outcome = assistant.delete(plan)
    assert victim not in iccids(euicc)
    assert card.requests.count(DELETE) == 1
    assert card.resets == 1
    assert [str(received.iccid) for received in smdp.received] == [victim]
    assert outcome.unacknowledged == ()


def test_a_deletion_whose_request_is_lost_is_not_repeated(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, "6F00")
    with pytest.raises(WireError, match="it still has the profile"):
        assistant.delete(plan)
    assert card.requests.count(DELETE) == 1
    assert len(iccids(euicc)) == 3
    assert smdp.received == ()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_card_pulled_at_the_deletion_leaves_the_outcome_unknown(
    when: str, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    euicc.faults.add(f"{when} DeleteProfile: unplug")
    with pytest.raises(OutcomeUnknown, match="cannot be read again"):
        assistant.delete(plan)
    assert len(iccids(euicc)) == (3 if when == "before" else 2)
    assert smdp.received == ()


def test_the_next_session_sends_the_notification_of_a_pulled_card(
    assistant: Assistant,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
) -> None:
    victim = euicc.profiles[1].iccid
    plan = assistant.plan_deletion(victim)
    euicc.faults.add("after DeleteProfile: unplug")
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    euicc.insert()
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as next_session:
        (delivery,) = next_session.send_notifications()
        assert delivery.acknowledged
        assert on_card(next_session) == []
    assert [str(received.iccid) for received in smdp.received] == [victim]


@pytest.mark.parametrize("function", ["RetrieveNotificationsList", "NotificationSent"])
def test_a_card_pulled_after_the_deletion_loses_no_notification(
    function: str,
    assistant: Assistant,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    euicc.faults.add(f"before {function}: unplug")
    outcome = assistant.delete(plan)
    (delivery,) = outcome.deliveries
    assert delivery.problem
    assert delivery.acknowledged is (function == "NotificationSent")
    assert not delivery.removed
    assert len(smdp.received) == (1 if function == "NotificationSent" else 0)
    euicc.insert()
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as next_session:
        next_session.send_notifications()
        assert on_card(next_session) == []
    assert len(smdp.received) == 1


def test_a_card_pulled_before_it_is_read_leaves_the_outcome_unknown(
    assistant: Assistant,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    euicc.faults.add("before GetProfilesInfo: unplug")
    with pytest.raises(OutcomeUnknown, match="cannot be read again"):
        assistant.delete(plan)
    assert assistant.journal.lost() == ()
    euicc.insert()
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as next_session:
        (recovered,) = next_session.recover()
        assert [change.event for change in recovered.changes] == ["delete"]
        assert on_card(next_session) == []
    assert [received.event for received in smdp.received] == ["delete"]


def test_a_full_disk_is_found_before_the_card_is_asked(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailed, match="No space left"):
        assistant.delete(plan)
    assert DELETE not in card.requests


def test_a_notification_that_cannot_be_kept_is_neither_sent_nor_removed(
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    real = os.fsync

    def full_after_the_deletion(handle: int) -> None:
        if DELETE in card.requests:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", full_after_the_deletion)
    outcome = assistant.delete(plan)
    (delivery,) = outcome.deliveries
    assert isinstance(delivery.problem, StorageFailed)
    assert not delivery.acknowledged
    assert smdp.received == ()
    assert SENT not in card.requests
    assert len(on_card(assistant)) == 1


def test_a_plan_is_refused_for_another_card(euicc: SimulatedEuicc, tmp_path: Path) -> None:
    other = SimulatedEuicc.create(None)
    with Assistant(other) as elsewhere:
        plan = elsewhere.plan_deletion(other.profiles[1].iccid)
    with Assistant(euicc, state_dir=tmp_path) as assistant, pytest.raises(Refused, match="not the card"):
        assistant.delete(plan)
    assert len(iccids(euicc)) == 3


def test_a_false_success_raises_bad_answer_and_records_no_loss(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, DELETED)
    with pytest.raises(BadAnswer, match="reports that 8949985000000000025 is deleted, but still lists it"):
        assistant.delete(plan)
    assert card.resets == 1, "it may have needed a reset"
    assert assistant.journal.lost() == ()
    (recovered,) = assistant.recover()
    assert recovered.changes == ()
    assert assistant.journal.lost() == ()


def test_a_profile_listed_again_after_a_reset_raises_bad_answer(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, DELETED)
    card.instead(PROFILES, UNREADABLE)
    with pytest.raises(BadAnswer, match="still lists it"):
        assistant.delete(plan)


def test_a_false_success_after_disabling_reports_the_disabling(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    card.instead(DELETE, DELETED)
    with pytest.raises(
        BadAnswer, match=r"still lists it\. The profile was disabled first, and was not enabled again\."
    ):
        assistant.delete(plan)
    (recovered,) = assistant.recover()
    assert [change.event for change in recovered.changes] == ["disable"]
    assert recovered.not_deleted
    assert [received.event for received in smdp.received] == ["disable"]
    assert assistant.journal.lost() == ()


def test_a_card_that_still_lists_the_profile_is_reset_and_read_again(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(PROFILES, "BF2D10A00EE30C5A0A989489050000000020F59000")
    outcome = assistant.delete(plan)
    assert card.resets == 1
    assert (outcome.problem, outcome.unacknowledged) == (None, ())
    assert [received.event for received in smdp.received] == ["delete"]


def test_a_notification_proves_the_deletion_if_the_card_cannot_be_read(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(PROFILES, NO_LIST, NO_LIST)
    outcome = assistant.delete(plan)
    assert isinstance(outcome.problem, OutcomeUnknown)
    assert outcome.unacknowledged == ()
    assert [received.event for received in smdp.received] == ["delete"]


@pytest.mark.parametrize("answer", [DELETED, "6F00"])
@pytest.mark.parametrize("listed", [NO_LIST, UNREADABLE])
def test_the_outcome_is_unknown_without_a_list_and_a_notification(
    answer: str,
    listed: str,
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, answer)
    card.instead(PROFILES, *[listed] * 3)  # also after the reset that a lost answer wants
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    assert assistant.journal.lost() == ()
    card.instead(PROFILES)
    (recovered,) = assistant.recover()
    assert recovered.changes == ()
    assert not smdp.received


def test_an_unreachable_server_leaves_the_notification_pending(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path
) -> None:
    class Silent:
        def handshake(self) -> None:
            """It can always be reached."""

        def handle_notification(self, pending: bytes) -> dict[str, str]:
            raise ConnectFailed("the server cannot be reached")

    def silent(_address: ServerAddress, *, ci_pkids: object) -> Silent:
        return Silent()

    with Assistant(euicc, state_dir=tmp_path, servers=silent) as assistant:
        outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
        (delivery,) = outcome.unacknowledged
        assert delivery.receipt
        assert isinstance(delivery.problem, ConnectFailed)
        assert len(on_card(assistant)) == 1
        assert outcome.problem is None
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as later:
        (sent,) = later.send_notifications()
        assert sent.removed
        assert sent.receipt == delivery.receipt
    assert smdp.received[0].raw == delivery.receipt.path.read_bytes()
