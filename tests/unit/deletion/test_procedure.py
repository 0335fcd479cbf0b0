"""Delete a profile of a simulated card with a simulated SM-DP+, without disturbances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.deletion import procedure
from lpa.errors import (
    EuiccRefused,
    OutcomeUnknown,
    Refused,
    StorageFailed,
    WireError,
)
from lpa.journal import Operation
from lpa.notifications.receipts import Receipt, Receipts
from lpa.notifications.sender import ServerFactory
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard

DELETE, RETRIEVE, SENT, LIST, PROFILES, INFO1 = 0xBF33, 0xBF2B, 0xBF30, 0xBF28, 0xBF2D, 0xBF20


def iccids(euicc: SimulatedEuicc) -> list[str]:
    return [profile.iccid for profile in euicc.profiles]


def on_card(assistant: Assistant) -> list[tuple[int, str]]:
    return [(one.sequence_number, one.event) for one in assistant.notifications()]


def test_delete_removes_the_profile_and_notifies_the_server(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = euicc.profiles[1]
    outcome = assistant.delete(assistant.plan_deletion(victim.iccid))
    assert victim.iccid not in iccids(euicc)
    assert len(iccids(euicc)) == 2
    (received,) = smdp.received
    assert (str(received.iccid), received.event, str(received.eid)) == (victim.iccid, "delete", euicc.eid)
    (delivery,) = outcome.deliveries
    assert delivery.acknowledged
    assert delivery.removed
    assert delivery.receipt
    assert delivery.receipt.path.read_bytes() == received.raw
    assert outcome.problem is None
    assert outcome.unacknowledged == ()
    assert on_card(assistant) == []


def test_an_enabled_profile_is_disabled_first_if_wanted(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = euicc.profiles[0]
    outcome = assistant.delete(assistant.plan_deletion(assistant.find(victim.iccid[-4:]), disable_first=True))
    assert victim.iccid not in iccids(euicc)
    assert [received.event for received in smdp.received] == ["disable", "delete"]
    assert [change.event for change in outcome.changes] == ["disable", "delete"]
    assert on_card(assistant) == []


def test_disabling_and_deleting_are_one_operation(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    assistant.delete(plan, "left the operator")
    records = [
        assistant.journal.record_of(assistant.eid, receipt.notification)
        for receipt in assistant.receipts.of(assistant.eid)
    ]
    assert [record and (record.function, record.reason, record.state) for record in records] == [
        ("delete", "left the operator", "CLOSED")
    ] * 2
    assert records[0]
    assert records[1]
    assert records[0].begun == records[1].begun


def test_the_disable_notification_is_kept_before_the_deletion(
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[int] = []
    real = card.transmit

    def watching(apdu: bytes) -> tuple[bytes, int]:
        if apdu[5:7] == bytes.fromhex("BF33"):
            kept.append(len(list((tmp_path / "state").rglob("*-disable-*.der"))))
        return real(apdu)

    monkeypatch.setattr(card, "transmit", watching)
    assistant.delete(assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True))
    assert kept == [1]


def test_a_deletion_refused_after_disabling_notifies_of_the_disabling(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    card.instead(DELETE, "BF3303800103 9000")
    with pytest.raises(EuiccRefused, match="The profile was disabled first, and was not enabled again"):
        assistant.delete(plan)
    assert [received.event for received in smdp.received] == ["disable"]
    assert on_card(assistant) == []
    assert assistant.journal.unfinished() == ()
    (receipt,) = assistant.receipts.of(assistant.eid)
    record = assistant.journal.record_of(assistant.eid, receipt.notification)
    assert record
    assert record.state == "CLOSED"


def test_nothing_is_deleted_if_the_disable_notification_cannot_be_kept(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_receipts: Receipts, _eid: Eid, _notification: Notification) -> Receipt:
        raise StorageFailed("the disk is full")

    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    with monkeypatch.context() as patch:
        patch.setattr(Receipts, "keep", full)
        with pytest.raises(StorageFailed, match="was disabled but not deleted") as caught:
            assistant.delete(plan)
    assert "lpa resume" in caught.value.advice
    assert DELETE not in card.requests
    (recovered,) = assistant.recover()
    assert recovered.not_deleted
    assert [delivery.removed for delivery in recovered.deliveries] == [True]


def test_nothing_is_deleted_if_the_next_state_cannot_be_written(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Operation.set_state

    def full(operation: Operation, state: str, outcome: str = "") -> None:
        if state == "DELETING":
            raise StorageFailed("the disk is full")
        real(operation, state, outcome)

    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    monkeypatch.setattr(Operation, "set_state", full)
    with pytest.raises(
        StorageFailed, match=r"full The profile was disabled first, and was not enabled again\."
    ):
        assistant.delete(plan)
    assert DELETE not in card.requests


def test_a_notification_is_kept_then_sent_then_removed(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    class Watching:
        def handshake(self) -> None:
            """It can always be reached."""

        def handle_notification(self, pending: bytes) -> dict[str, str]:
            kept = [path.read_bytes() for path in (tmp_path / "state").rglob("*.der")]
            assert pending in kept, "sent before it was kept"
            assert SENT not in card.requests, "removed before it was acknowledged"
            return {}

    assistant._servers = lambda _address, ci_pkids: Watching()
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.requests.clear()
    assistant.delete(plan)
    assert card.requests == [INFO1, DELETE, PROFILES, LIST, RETRIEVE, SENT]


@pytest.mark.parametrize(
    ("rules", "state", "disable_first", "function", "reason"),
    [
        ((), "enabled", False, "DeleteProfile", "profileNotInDisabledState"),
        (("ppr2",), "disabled", False, "DeleteProfile", "disallowedByPolicy"),
        (("ppr2",), "enabled", True, "DeleteProfile", "disallowedByPolicy"),
        (("ppr1",), "enabled", True, "DeleteProfile", "disallowedByPolicy"),
    ],
)
def test_a_blocker_is_refused_before_the_card_is_asked(
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
        assistant.plan_deletion(assistant.find("9999"))
    assert caught.value.reason == "iccidOrAidNotFound"
    assert DELETE not in card.requests


@pytest.mark.parametrize(
    "change",
    [
        lambda assistant, iccid: assistant.enable(iccid),
        lambda assistant, _iccid: assistant.disable(assistant.find("0017")),
        lambda assistant, _iccid: assistant.reset(["deleteFieldLoadedTestProfiles"]),
    ],
)
def test_a_plan_is_outdated_by_a_change_in_the_same_session(
    change: Callable[[Assistant, str], object], servers: ServerFactory, tmp_path: Path
) -> None:
    profiles = list(SimulatedEuicc.create(None).profiles)
    profiles[2] = replace(profiles[2], profile_class="test")
    euicc = SimulatedEuicc.create(None, profiles=profiles)
    card = DisturbedCard(euicc)
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        plan = assistant.plan_deletion(profiles[1].iccid)
        change(assistant, profiles[1].iccid)
        with pytest.raises(Refused) as caught:
            assistant.delete(plan)
    assert caught.value.reason == "cardChanged"
    assert DELETE not in card.requests


def test_a_plan_for_another_card_is_refused_by_the_procedure_itself(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    stranger = replace(plan, eid=Eid.parse("89049032000000000000000000000188"))
    with pytest.raises(Refused) as caught:
        procedure.delete(assistant._card, assistant._outbox(), stranger)
    assert caught.value.reason == "otherCard"
    assert DELETE not in card.requests
    assert assistant.journal.unfinished() == ()


def test_after_a_lost_deletion_the_notification_of_the_disabling_is_sent(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    card.instead(DELETE, "6F00")
    with pytest.raises(WireError, match=r"it still has the profile\. The profile was disabled first"):
        assistant.delete(plan)
    assert [reported.event for reported in smdp.received] == ["disable"]
    assert on_card(assistant) == []
    assert assistant.journal.unfinished() == ()


def test_the_disabling_is_in_the_journal_before_its_notification_is_collected(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    card.instead(LIST, "6985", "6985")
    euicc.faults.add("before RetrieveNotificationsList: unplug")
    with pytest.raises(StorageFailed, match="was disabled but not deleted"):
        assistant.delete(plan)
    assert [left.state for left in assistant.journal.unfinished()] == ["DISABLED"]
    assert DELETE not in card.requests


def test_a_card_that_is_pulled_before_it_is_known_to_be_the_same_leaves_the_outcome_unknown(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    euicc.faults.add("before RetrieveNotificationsList: unplug")
    with pytest.raises(OutcomeUnknown, match="cannot be read again"):
        assistant.delete(plan)
    assert [left.state for left in assistant.journal.unfinished()] == ["UNKNOWN"]
    assert DELETE not in card.requests
    euicc.insert()
    (recovered,) = assistant.recover()
    assert [change.event for change in recovered.changes] == ["disable"]
    assert all(delivery.acknowledged for delivery in recovered.deliveries)


def test_a_refusal_does_not_count_if_the_card_no_longer_lists_the_profile(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, "BF3303800103 9000", carried_out=True)
    outcome = assistant.delete(plan)
    assert (outcome.problem, outcome.unacknowledged) == (None, ())
    assert [reported.event for reported in smdp.received] == ["delete"]
    assert assistant.journal.unfinished() == ()


def test_a_card_that_lists_the_aids_of_all_profiles_deletes_the_right_one(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    """It was asked for the AID of one profile only."""
    first, victim, third = euicc.profiles
    listed = b"".join(
        bytes.fromhex("E31E 5A0A") + one.coded_iccid + b"\x4f\x10" + one.coded_aid for one in euicc.profiles
    )
    plan = assistant.plan_deletion(victim.iccid)
    card.instead(DELETE, "BF3303800101 9000")
    card.instead(PROFILES, f"BF2D62 A060 {listed.hex()} 9000")
    assistant.delete(plan)
    assert iccids(euicc) == [first.iccid, third.iccid]


def test_a_card_that_contradicts_itself_is_not_repeated_as_the_truth(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    euicc.faults.add("instead of DeleteProfile: refuse profileNotInDisabledState")
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    with pytest.raises(EuiccRefused) as caught:
        assistant.delete(assistant.review_deletion(plan))
    assert caught.value.message == (
        "The card reports that the profile is enabled; only a disabled profile can be deleted. "
        "The profile was disabled first, and was not enabled again."
    )
    assert euicc.profiles[0].state == "disabled"
