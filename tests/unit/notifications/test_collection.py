"""What a card has signed about what was done to it: known again, and never mistaken for another's."""

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
from tests.unit.notifications.test_outbox import Servers, card_with

DOWN = ConnectFailed("down")


def enabled_and_disabled(euicc: SimulatedEuicc, folder: Path, servers: Servers) -> Assistant:
    """What the second profile's server was to hear of an enabling and a disabling."""
    assistant = Assistant(euicc, state_dir=folder, servers=servers)
    assistant.enable(euicc.profiles[1].iccid)
    assistant.disable(euicc.profiles[1].iccid)
    return assistant


def genuine(tmp_path: Path) -> Notification:
    with enabled_and_disabled(card_with("one.example"), tmp_path, Servers(one_example=DOWN)) as assistant:
        *_, receipt = assistant.receipts.of(assistant.eid)
    return receipt.notification


def signed_otherwise(notification: Notification, signature: bytes) -> Notification:
    parts = (
        Tlv.build(0x5F37, signature) if part.tag == 0x5F37 else part for part in notification.raw.children
    )
    return Notification.from_tlv(Tlv.build(notification.raw.tag, *parts))


def test_a_notification_is_known_again_though_it_is_signed_anew(tmp_path: Path) -> None:
    kept = genuine(tmp_path)
    assert is_known(kept, [kept])
    assert is_known(signed_otherwise(kept, bytes(64)), [kept])
    assert not is_known(kept, [])


def test_what_only_looks_like_it_does_not_stand_for_it(tmp_path: Path) -> None:
    """A false card can copy all of a receipt that it saw, but cannot sign it."""
    kept = genuine(tmp_path)
    assert not is_known(kept, [signed_otherwise(kept, bytes(64))])
    assert not is_known(signed(), [signed(signature="0909")])  # no certificates, so nobody's


def test_another_cards_does_not_stand_for_it(tmp_path: Path) -> None:
    one, other = genuine(tmp_path / "one"), genuine(tmp_path / "other")
    assert one.metadata == other.metadata
    assert not is_known(one, [other])


def test_an_installation_result_is_known_by_what_it_says() -> None:
    def result(signature: str) -> Notification:
        said = "BF2719 80080123456789ABCDEF BF2F0C 800101 81020780 0C03612E62"
        return Notification.from_tlv(bytes.fromhex(f"BF3721 {said} 5F3702{signature}"))

    assert is_known(result("0102"), [result("0909")])


def test_what_waits_of_an_earlier_operation_is_not_told_as_of_this_one(tmp_path: Path) -> None:
    """A card that is full may keep an old one, and none of what happens now."""
    euicc = card_with("one.example")
    with enabled_and_disabled(euicc, tmp_path, Servers(one_example=DOWN)) as assistant:
        again = [ProfileChange("disable", assistant.profiles()[1])]
        assert new_notifications(assistant.euicc, assistant.receipts, again) == []
        (waiting,) = new_notifications(assistant.euicc, Receipts(tmp_path / "empty"), again)
        assert waiting.metadata.event == "disable"
