"""A notification is recognised when the card gives it again, and never mistaken for another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import ConnectFailed
from lpa.notifications.changes import ProfileChange
from lpa.notifications.collection import is_known, new_notifications, notifications_of, unkept
from lpa.notifications.on_card import OnCard
from lpa.notifications.receipts import Receipts
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification, NotificationEvent, Profile
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.field_cards import ANY, FieldCard, holding
from tests.support.journals import addressed, signed
from tests.support.notified_servers import Servers, card_with

DOWN = ConnectFailed("down")
# What `signed` reports.
DELETED = ProfileChange(NotificationEvent.DELETE, Profile(Iccid.parse("89898989898989898989")))


def enable_and_disable(euicc: SimulatedEuicc, folder: Path, servers: Servers) -> Assistant:
    """Enable and disable the second profile."""
    assistant = Assistant(euicc, state_dir=folder, servers=servers)
    assistant.enable(euicc.profiles[1].iccid)
    assistant.disable(euicc.profiles[1].iccid)
    return assistant


def genuine(tmp_path: Path) -> Notification:
    with enable_and_disable(card_with("one.example"), tmp_path, Servers(one_example=DOWN)) as assistant:
        *_, receipt = assistant.receipts.of(assistant.eid)
    return receipt.notification


def with_signature(notification: Notification, signature: bytes) -> Notification:
    parts = (
        Tlv.build(0x5F37, signature) if part.tag == 0x5F37 else part for part in notification.raw.children
    )
    return Notification.from_tlv(Tlv.build(notification.raw.tag, *parts))


def test_a_notification_that_is_signed_again_is_known(tmp_path: Path) -> None:
    kept = genuine(tmp_path)
    assert is_known(kept, [kept])
    assert is_known(with_signature(kept, bytes(64)), [kept])
    assert not is_known(kept, [])


def test_a_kept_copy_without_a_valid_signature_does_not_count(tmp_path: Path) -> None:
    """Another card can copy a receipt that it received, but cannot sign it."""
    kept = genuine(tmp_path)
    assert not is_known(kept, [with_signature(kept, bytes(64))])
    assert not is_known(signed(), [signed(signature="0909")])  # without certificates


def test_the_notification_of_another_card_does_not_count(tmp_path: Path) -> None:
    one, other = genuine(tmp_path / "one"), genuine(tmp_path / "other")
    assert one.metadata == other.metadata
    assert not is_known(one, [other])


def test_an_installation_result_is_known_by_its_content() -> None:
    def result(signature: str) -> Notification:
        content = "BF2719 80080123456789ABCDEF BF2F0C 800101 81020780 0C03612E62"
        return Notification.from_tlv(bytes.fromhex(f"BF3721 {content} 5F3702{signature}"))

    assert is_known(result("0102"), [result("0909")])


def test_a_pending_notification_of_an_earlier_operation_is_not_new(tmp_path: Path) -> None:
    """A card whose list is full may keep an old one, and sign nothing about the change now."""
    euicc = card_with("one.example")
    with enable_and_disable(euicc, tmp_path, Servers(one_example=DOWN)) as assistant:
        again = [ProfileChange(NotificationEvent.DISABLE, assistant.profiles()[1])]
        assert new_notifications(OnCard(assistant.euicc), assistant.receipts, again).signed == []
        (pending,) = new_notifications(OnCard(assistant.euicc), Receipts(tmp_path / "empty"), again).signed
        assert pending.metadata.event == "disable"


@pytest.mark.parametrize("byte", [19, 26, 40])  # of the number, the address and the ICCID
def test_a_notification_that_is_not_as_listed_is_unread_and_not_signed(byte: int, tmp_path: Path) -> None:
    euicc = card_with("one.example")
    with Assistant(euicc, state_dir=tmp_path, servers=Servers()) as assistant:
        deleted = [ProfileChange(NotificationEvent.DELETE, assistant.profiles()[1])]
        assistant.euicc.delete_profile(deleted[0].profile.iccid)
        euicc.faults.add(f"every RetrieveNotificationsList: alter byte {byte}")
        found = new_notifications(OnCard(assistant.euicc), assistant.receipts, deleted)
    assert (found.signed, [listed.sequence_number for listed, _ in found.unread]) == ([], [1])


@pytest.mark.parametrize("listed", [("07", "08", "09"), ("09", "08", "07"), ("08", "09", "07")])
def test_of_several_unknown_notifications_the_newest_is_collected(
    listed: tuple[str, ...], tmp_path: Path
) -> None:
    """Another program may have left the older ones, and a card may list them in any order."""
    card = FieldCard(card_with(), holding(*map(signed, listed)))
    with Assistant(card, state_dir=tmp_path) as assistant:
        found = new_notifications(OnCard(assistant.euicc), assistant.receipts, [DELETED])
    assert (found.signed, found.unread) == ([signed("09")], [])
    assert [request for request in card.requests if request.startswith(ANY)] == ["BF2B05A003800109"]


def test_older_notifications_of_another_program_are_not_those_of_this_operation(tmp_path: Path) -> None:
    """Of both profiles and of both events, the card has older ones that were never kept."""
    euicc, servers = card_with("one.example"), Servers()
    first, second, _ = (Iccid.parse(profile.iccid) for profile in euicc.profiles)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.euicc.enable_profile(second, refresh=False)
        assistant.euicc.enable_profile(first, refresh=False)
        older = list(assistant.notifications())
        assert {(one.iccid, one.event) for one in older} == {
            (profile, event) for profile in (first, second) for event in ("enable", "disable")
        }
        deliveries = assistant.enable(second).deliveries
        assert [(delivery.iccid, delivery.event) for delivery in deliveries] == [
            (first, "disable"),
            (second, "enable"),
        ]
        assert list(assistant.notifications()) == older
        assert len(assistant.receipts.of(assistant.eid)) == 2


def test_one_server_has_one_newest_notification_however_its_address_is_written(tmp_path: Path) -> None:
    newer = addressed("09", "A.B")
    card = FieldCard(card_with(), holding(signed("07"), newer))
    with Assistant(card, state_dir=tmp_path) as assistant:
        found = new_notifications(OnCard(assistant.euicc), assistant.receipts, [DELETED])
    assert found.signed == [newer]


def test_only_what_was_never_kept_is_unkept(tmp_path: Path) -> None:
    card = FieldCard(card_with(), holding(signed("07"), signed("08"), signed("09")))
    with Assistant(card, state_dir=tmp_path) as assistant:
        on_card = OnCard(assistant.euicc)
        assistant.receipts.keep(assistant.eid, signed("07"))
        assert [*unkept(on_card, assistant.receipts, "delete")] == [signed("08"), signed("09")]
        assert [*unkept(on_card, assistant.receipts, "delete", [signed("08").metadata])] == [signed("09")]
        assert [*unkept(on_card, assistant.receipts, "install")] == []


@pytest.mark.parametrize("content", ["copied", "repeated"])
def test_a_planted_receipt_suppresses_no_genuine_notification(content: str, tmp_path: Path) -> None:
    """It has the number, event and profile in its name, and in its content too, but no valid signature."""
    euicc = card_with("one.example")
    with Assistant(euicc, state_dir=tmp_path, servers=Servers(one_example=DOWN)) as assistant:
        plan = assistant.plan_deletion(euicc.profiles[1].iccid)
        assistant.euicc.delete_profile(plan.profile.iccid)
        (given,) = assistant.euicc.retrieve_notifications()
        forged = with_signature(given, bytes(64)) if content == "repeated" else signed("01")
        path = assistant.receipts.keep(assistant.eid, given).path
        path.write_bytes(forged.raw)
        path.rename(path.with_name(path.name[:-12] + "00000000.der"))
        deleted = [ProfileChange(NotificationEvent.DELETE, plan.profile)]
        assert new_notifications(OnCard(assistant.euicc), assistant.receipts, deleted).signed == [given]


def test_a_planted_installation_result_suppresses_no_genuine_one(tmp_path: Path) -> None:
    """It contains no certificate, so nobody can verify its signature: only its bytes count."""

    def result(signature: str) -> Notification:
        content = "BF2725 80080123456789ABCDEF BF2F18 80010781020780 0C03612E62 5A0A98989898989898989898"
        return Notification.from_tlv(bytes.fromhex(f"BF372D {content} 5F3702{signature}"))

    installed = [ProfileChange(NotificationEvent.INSTALL, DELETED.profile)]
    with Assistant(FieldCard(card_with(), holding(result("0102"))), state_dir=tmp_path) as assistant:
        assistant.receipts.keep(assistant.eid, result("0909"))
        found = new_notifications(OnCard(assistant.euicc), assistant.receipts, installed)
        assert found.signed == [result("0102")]
        assistant.receipts.keep(assistant.eid, result("0102"))
        found = new_notifications(OnCard(assistant.euicc), assistant.receipts, installed)
        assert found.signed == []


def test_a_kept_notification_belongs_to_its_own_profile_and_event_only() -> None:
    """That a profile was disabled is no proof that it was deleted."""
    disabled = Notification.from_tlv(
        signed().raw.replace(bytes.fromhex("81020410"), bytes.fromhex("81020520"))
    )
    assert (disabled.metadata.iccid, disabled.metadata.event) == (DELETED.profile.iccid, "disable")
    other = ProfileChange(NotificationEvent.DELETE, Profile(Iccid.parse("8944994000000000017")))
    assert [*notifications_of([DELETED], [disabled, signed()])] == [signed()]
    assert [*notifications_of([other], [disabled, signed()])] == []
