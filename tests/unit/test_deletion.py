"""The main job against a simulated card and a simulated SM-DP+, and everything that can come between."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.courier import Directory
from lpa.errors import (
    BadAnswer,
    ConnectFailed,
    EuiccRefused,
    OutcomeUnknown,
    Refused,
    StorageFailed,
    WireError,
)
from lpa.journal import Operation
from lpa.receipts import Receipt, Receipts
from lpa.rsp.names import Eid, ServerAddress
from lpa.rsp.records import Notification
from lpa.sim.card import SimulatedEuicc
from lpa.sim.smdp import SimulatedSmdp
from tests.disturbed import DisturbedCard

DELETE, RETRIEVE, SENT, LIST, PROFILES, INFO1 = 0xBF33, 0xBF2B, 0xBF30, 0xBF28, 0xBF2D, 0xBF20


def iccids(euicc: SimulatedEuicc) -> list[str]:
    return [profile.iccid for profile in euicc.profiles]


def waiting(assistant: Assistant) -> list[tuple[int, str]]:
    return [(told.sequence_number, told.event) for told in assistant.notifications()]


def test_a_deletion_ends_with_the_profile_gone_and_the_server_told(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = euicc.profiles[1]
    outcome = assistant.delete(assistant.plan_deletion(victim.iccid))
    assert victim.iccid not in iccids(euicc)
    assert len(iccids(euicc)) == 2
    (told,) = smdp.received
    assert (str(told.iccid), told.event, str(told.eid)) == (victim.iccid, "delete", euicc.eid)
    (delivery,) = outcome.deliveries
    assert delivery.acknowledged
    assert delivery.cleared
    assert delivery.receipt
    assert delivery.receipt.path.read_bytes() == told.raw
    assert outcome.problem is None
    assert outcome.unacknowledged == ()
    assert waiting(assistant) == []


def test_the_profile_in_use_is_disabled_first_if_that_is_wanted(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = euicc.profiles[0]
    outcome = assistant.delete(assistant.plan_deletion(victim.iccid[-4:], disable_first=True))
    assert victim.iccid not in iccids(euicc)
    assert [told.event for told in smdp.received] == ["disable", "delete"]
    assert [happening.event for happening in outcome.happenings] == ["disable", "delete"]
    assert waiting(assistant) == []


def test_the_profile_in_use_is_deleted_in_one_operation(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    assistant.delete(plan, "left the operator")
    stories = [
        assistant.journal.story_of(assistant.eid, receipt.notification)
        for receipt in assistant.receipts.of(assistant.eid)
    ]
    assert [story and (story.function, story.reason, story.state) for story in stories] == [
        ("delete", "left the operator", "CLOSED")
    ] * 2
    assert stories[0]
    assert stories[1]
    assert stories[0].begun == stories[1].begun


def test_what_the_card_signed_about_the_disabling_is_kept_before_the_deletion(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    kept: list[int] = []
    real = card.transmit

    def watching(apdu: bytes) -> tuple[bytes, int]:
        if apdu[5:7] == bytes.fromhex("BF33"):
            kept.append(len(list((tmp_path / "state").rglob("*-disable-*.der"))))
        return real(apdu)

    card.transmit = watching  # type: ignore[method-assign]
    assistant.delete(assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True))
    assert kept == [1]


def test_a_deletion_that_is_refused_after_the_disabling_tells_the_server_of_that(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    card.instead(DELETE, "BF3303800103 9000")
    with pytest.raises(EuiccRefused, match="It was disabled before, and is out of use now"):
        assistant.delete(plan)
    assert [told.event for told in smdp.received] == ["disable"]
    assert waiting(assistant) == []
    assert assistant.journal.unfinished() == ()
    (receipt,) = assistant.receipts.of(assistant.eid)
    story = assistant.journal.story_of(assistant.eid, receipt.notification)
    assert story
    assert story.state == "CLOSED"


def test_without_room_for_the_proof_of_the_disabling_nothing_is_deleted(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_receipts: Receipts, _eid: Eid, _notification: Notification) -> Receipt:
        raise StorageFailed("the disk is full")

    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    with monkeypatch.context() as patch:
        patch.setattr(Receipts, "keep", full)
        with pytest.raises(StorageFailed, match="is out of use now, but was not deleted") as caught:
            assistant.delete(plan)
    assert "lpa resume" in caught.value.advice
    assert DELETE not in card.requests
    (resumed,) = assistant.settle()
    assert resumed.left_undone
    assert [delivery.cleared for delivery in resumed.deliveries] == [True]


def test_without_room_for_the_next_word_the_profile_is_said_to_be_out_of_use(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Operation.enter

    def full(operation: Operation, state: str, outcome: str = "") -> None:
        if state == "DELETING":
            raise StorageFailed("the disk is full")
        real(operation, state, outcome)

    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    monkeypatch.setattr(Operation, "enter", full)
    with pytest.raises(StorageFailed, match=r"full It was disabled before, and is out of use now\."):
        assistant.delete(plan)
    assert DELETE not in card.requests


def test_the_order_is_keep_send_clear(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    class Watching:
        def greet(self) -> None:
            """It can always be reached."""

        def handle_notification(self, pending: bytes) -> dict[str, str]:
            kept = [path.read_bytes() for path in (tmp_path / "state").rglob("*.der")]
            assert pending in kept, "sent before it was kept"
            assert SENT not in card.requests, "cleared before it was acknowledged"
            return {}

    assistant._directory = lambda _address, believed: Watching()
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.requests.clear()
    assistant.delete(plan)
    assert card.requests == [INFO1, DELETE, RETRIEVE, SENT, PROFILES]


@pytest.mark.parametrize(
    ("rules", "state", "disable_first", "function", "reason"),
    [
        ((), "enabled", False, "DeleteProfile", "profileNotInDisabledState"),
        (("ppr2",), "disabled", False, "DeleteProfile", "disallowedByPolicy"),
        (("ppr2",), "enabled", True, "DeleteProfile", "disallowedByPolicy"),
        (("ppr1",), "enabled", True, "DisableProfile", "disallowedByPolicy"),
    ],
)
def test_what_the_card_would_refuse_is_refused_before_it_is_asked(
    rules: tuple[str, ...], state: str, disable_first: bool, function: str, reason: str, tmp_path: Path
) -> None:
    profile = replace(SimulatedEuicc.create(None).profiles[0], policy_rules=rules, state=state)
    card = DisturbedCard(SimulatedEuicc.create(None, profiles=[profile]))
    with Assistant(card, state_dir=tmp_path) as assistant, pytest.raises(Refused) as caught:
        assistant.delete(assistant.plan_deletion(profile.iccid, disable_first=disable_first))
    assert (caught.value.function, caught.value.reason) == (function, reason)
    assert not isinstance(caught.value, EuiccRefused)
    assert caught.value.advice
    assert set(card.requests) == {0xBF3E, PROFILES}


def test_an_unknown_profile_is_refused_before_anything_is_sent(
    assistant: Assistant, card: DisturbedCard
) -> None:
    with pytest.raises(Refused) as caught:
        assistant.plan_deletion("9999")
    assert caught.value.reason == "iccidOrAidNotFound"
    assert DELETE not in card.requests


def test_a_card_that_refuses_after_all_keeps_its_profile(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, "BF3303800103 9000")
    with pytest.raises(EuiccRefused) as caught:
        assistant.delete(plan)
    assert (caught.value.reason, caught.value.code) == ("disallowedByPolicy", 3)
    assert len(iccids(euicc)) == 3
    assert smdp.received == ()


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


def test_a_card_that_never_knows_it_is_asked_twice_and_no_more(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, "BF3303800101 9000", "BF3303800101 9000", "BF3303800101 9000")
    with pytest.raises(EuiccRefused):
        assistant.delete(plan)
    assert card.requests.count(DELETE) == 2


@pytest.mark.parametrize("answer", ["6F00", "9000", "BF33 9000", "BF33038001 9000", "BF3303800100AA 9000"])
def test_a_deletion_whose_answer_is_nonsense_is_believed_as_the_card_then_shows_it(
    answer: str, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = euicc.profiles[1].iccid
    plan = assistant.plan_deletion(victim)
    card.instead(DELETE, answer, carried_out=True)
    outcome = assistant.delete(plan)
    assert victim not in iccids(euicc)
    assert card.requests.count(DELETE) == 1
    assert card.resets == 1
    assert [str(told.iccid) for told in smdp.received] == [victim]
    assert outcome.unacknowledged == ()


def test_a_deletion_that_was_lost_on_its_way_changed_nothing_and_is_not_tried_again(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, "6F00")
    with pytest.raises(WireError, match="it still has the profile"):
        assistant.delete(plan)
    assert card.requests.count(DELETE) == 1
    assert len(iccids(euicc)) == 3
    assert smdp.received == ()


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_card_pulled_at_the_deletion_leaves_its_outcome_open(
    when: str, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    (card.drop if when == "before" else card.lose)(DELETE)
    with pytest.raises(OutcomeUnknown, match="cannot be read again"):
        assistant.delete(plan)
    assert len(iccids(euicc)) == (3 if when == "before" else 2)
    assert smdp.received == ()


def test_after_a_pulled_card_the_next_session_sends_what_waits(
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    directory: Directory,
    tmp_path: Path,
) -> None:
    victim = euicc.profiles[1].iccid
    plan = assistant.plan_deletion(victim)
    card.lose(DELETE)
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    with Assistant(euicc, state_dir=tmp_path / "state", directory=directory) as next_session:
        (delivery,) = next_session.send_notifications()
        assert delivery.acknowledged
        assert waiting(next_session) == []
    assert [str(told.iccid) for told in smdp.received] == [victim]


@pytest.mark.parametrize("tag", [RETRIEVE, SENT, PROFILES])
def test_a_card_pulled_after_the_deletion_has_deleted_and_loses_nothing(
    tag: int,
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    directory: Directory,
    tmp_path: Path,
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.drop(tag)
    outcome = assistant.delete(plan)
    (delivery,) = outcome.deliveries
    assert outcome.problem
    assert delivery.acknowledged is (tag != RETRIEVE)
    assert delivery.cleared is (tag == PROFILES)
    assert len(smdp.received) == (0 if tag == RETRIEVE else 1)
    with Assistant(euicc, state_dir=tmp_path / "state", directory=directory) as next_session:
        next_session.send_notifications()
        assert waiting(next_session) == []
    assert len(smdp.received) == 1


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


def test_a_proof_that_cannot_be_kept_is_neither_sent_nor_cleared(
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    asked = iter([None])
    real = os.fsync

    def full_from_the_second_on(handle: int) -> None:
        if next(asked, "full") == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", full_from_the_second_on)
    outcome = assistant.delete(plan)
    (delivery,) = outcome.deliveries
    assert isinstance(delivery.problem, StorageFailed)
    assert not delivery.acknowledged
    assert smdp.received == ()
    assert SENT not in card.requests
    assert len(waiting(assistant)) == 1


def test_a_plan_holds_for_its_card_only(euicc: SimulatedEuicc, tmp_path: Path) -> None:
    other = SimulatedEuicc.create(None)
    with Assistant(other) as elsewhere:
        plan = elsewhere.plan_deletion(other.profiles[1].iccid)
    with Assistant(euicc, state_dir=tmp_path) as assistant, pytest.raises(Refused, match="not the card"):
        assistant.delete(plan)
    assert len(iccids(euicc)) == 3


def test_a_card_that_lies_about_the_deletion_is_found_out(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, "BF3303800100 9000")
    outcome = assistant.delete(plan)
    assert isinstance(outcome.problem, BadAnswer)
    assert "still lists it" in outcome.problem.message
    (delivery,) = outcome.deliveries
    assert delivery.sequence_number is None
    assert "has no signed notification" in str(delivery.problem)


def test_an_unreachable_server_leaves_everything_for_later(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, directory: Directory, tmp_path: Path
) -> None:
    class Silent:
        def greet(self) -> None:
            """It can always be reached."""

        def handle_notification(self, pending: bytes) -> dict[str, str]:
            raise ConnectFailed("the server cannot be reached")

    def nobody(_address: ServerAddress, *, believed: object) -> Silent:
        return Silent()

    with Assistant(euicc, state_dir=tmp_path, directory=nobody) as assistant:
        outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
        (delivery,) = outcome.unacknowledged
        assert delivery.receipt
        assert isinstance(delivery.problem, ConnectFailed)
        assert len(waiting(assistant)) == 1
        assert outcome.problem is None
    with Assistant(euicc, state_dir=tmp_path, directory=directory) as later:
        (sent,) = later.send_notifications()
        assert sent.cleared
        assert sent.receipt == delivery.receipt
    assert smdp.received[0].raw == delivery.receipt.path.read_bytes()
