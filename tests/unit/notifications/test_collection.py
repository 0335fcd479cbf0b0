"""A notification is recognised when the card gives it again, and never mistaken for another one."""

from __future__ import annotations

from pathlib import Path

from lpa import Assistant
from lpa.errors import ConnectFailed
from lpa.notifications.changes import ProfileChange
from lpa.notifications.collection import is_known, new_notifications
from lpa.notifications.receipts import Receipts
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.records import Notification
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.journals import signed
from tests.support.notified_servers import Servers, card_with

DOWN = ConnectFailed("down")


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
        again = [ProfileChange("disable", assistant.profiles()[1])]
        assert new_notifications(assistant.euicc, assistant.receipts, again) == []
        (pending,) = new_notifications(assistant.euicc, Receipts(tmp_path / "empty"), again)
        assert pending.metadata.event == "disable"
