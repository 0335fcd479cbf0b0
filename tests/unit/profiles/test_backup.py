"""Back up a simulated profile: completely or not at all."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from lpa.card.files.filesystem import UiccFiles
from lpa.errors import CardRemoved, Refused, StorageFailed
from lpa.profiles.backup import Backup, back_up
from lpa.rsp.names import Iccid
from lpa.sim.contents import Contents, SimulatedContact
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.cards import ICCID, Spoiled, holding, with_enabled

SENT = "05079144770009000011070B817007900054F60000A70A4F37A89D07DDC37917"
PEOPLE = tuple(SimulatedContact(f"Contact {n}", (f"+44770090{n:04}",)) for n in range(3))


def saved(card: SimulatedEuicc, folder: Path, *, iccid: str = ICCID, pin: str | None = None) -> Backup:
    return back_up(UiccFiles(card), Iccid.parse(iccid), folder, pin=pin)


def test_a_backup_holds_everything_in_files_that_others_cannot_read(tmp_path: Path) -> None:
    backup = saved(with_enabled(0), tmp_path / "backup")
    assert backup == Backup(tmp_path / "backup", contacts=5, messages=6, problems=())
    found = sorted(path.name for path in backup.folder.iterdir())
    assert found == ["contacts.vcf", "identity.json", "messages.json", "messages.txt", "records.json"]
    assert stat.S_IMODE(backup.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in backup.folder.iterdir()} == {0o600}
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


def test_the_contacts_are_vcards(tmp_path: Path) -> None:
    saved(with_enabled(0), tmp_path / "backup")
    text = (tmp_path / "backup" / "contacts.vcf").read_bytes().decode()
    assert text.startswith(
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ada Lovelace\r\nTEL;VALUE=text:+447700900123\r\n"
        "TEL;VALUE=text:02079460018\r\nEMAIL:ada@example.com\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:张伟\r\nNICKNAME:小张\r\n"
    )


def test_messages_are_saved_as_json_and_as_text(tmp_path: Path) -> None:
    saved(with_enabled(0), tmp_path / "backup")
    messages = json.loads((tmp_path / "backup" / "messages.json").read_text("utf-8"))
    assert [message["text"] for message in messages] == [
        "Hello! Lunch at 12 for 10€?",
        "你好,您的验证码是 482913。😀",
        "A long message comes in parts: this is how it begins, and this is how it ends.",
        None,
        "Yarın İstanbul'da görüşürüz, Ayşegül.",
        "On my way.",
    ]
    assert messages[3]["data"] == "DEADBEEF0001"
    assert messages[3]["time"] == "2025-12-31T23:59:59-03:30"
    assert (messages[5]["direction"], messages[5]["number"]) == ("sent", "07700900456")
    assert [len(message["raw"]) for message in messages] == [1, 1, 2, 1, 1, 1]
    text = (tmp_path / "backup" / "messages.txt").read_text("utf-8")
    assert text.startswith(
        "From +447700900123, 2026-03-14 09:26:53+01:00 (read)\n    Hello! Lunch at 12 for 10€?\n\n"
    )
    assert "From +447700900999, 2025-12-31 23:59:59-03:30 (unread)\n    DEADBEEF0001\n" in text
    assert text.endswith("To 07700900456 (sent)\n    On my way.\n")


def test_identity_and_every_record_are_saved(tmp_path: Path) -> None:
    saved(with_enabled(0), tmp_path / "backup")
    assert json.loads((tmp_path / "backup" / "identity.json").read_text("utf-8")) == {
        "iccid": ICCID,
        "imsi": "234990000000001",
        "numbers": ["+447009000001"],
        "service_provider": "Albion Mobile",
    }
    records = json.loads((tmp_path / "backup" / "records.json").read_text("utf-8"))
    assert records["2FE2"] == {"0": "984499040000000010F7"}
    assert records["A0000000871002FFFFFFFF8900000100/6F3C"]["7"] == SENT + "FF" * (176 - len(SENT) // 2)


def test_a_locked_profile_is_saved_with_its_pin(tmp_path: Path) -> None:
    card = holding(Contents(PEOPLE, (SENT,), imsi="234990000000001", pin="1234"))
    with pytest.raises(Refused) as caught:
        saved(card, tmp_path / "backup")
    assert caught.value.reason == "pinNeeded"
    assert not (tmp_path / "backup").exists()
    assert saved(card, tmp_path / "backup", pin="1234").contacts == 3


def test_only_the_enabled_profile_can_be_saved(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read: 8949985000000000025 is enabled") as caught:
        saved(with_enabled(1), tmp_path / "backup")
    assert (caught.value.function, caught.value.reason) == ("Backup", "notEnabled")
    with pytest.raises(Refused, match="no profile is enabled"):
        saved(SimulatedEuicc.create(None, profiles=0), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backup").symlink_to(tmp_path / "nothing")
    with pytest.raises(Refused, match="already exists"):
        saved(with_enabled(0), tmp_path / "backup")
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


def test_an_existing_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("before")
    card = with_enabled(0)
    for folder in (tmp_path, tmp_path / "kept"):
        with pytest.raises(Refused, match="already exists"):
            saved(card, folder)
    assert card.apdus == 0


def test_a_folder_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match="cannot be written"):
        saved(with_enabled(0), tmp_path / "file" / "backup")
    with pytest.raises(StorageFailed, match="cannot be written"):
        saved(with_enabled(0), tmp_path / ("x" * 300))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_pulled_card_leaves_no_partial_backup(tmp_path: Path) -> None:
    class Pulled:
        def __init__(self, after: int) -> None:
            self.card, self.left = with_enabled(0), after

        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            self.left -= 1
            if self.left < 0:
                raise CardRemoved("gone")
            return self.card.transmit(apdu)

        def reset(self) -> None: ...

        def close(self) -> None: ...

    card = with_enabled(0)
    saved(card, tmp_path / "whole")
    for after in range(0, card.apdus, 3):
        with pytest.raises(CardRemoved):
            back_up(UiccFiles(Pulled(after)), Iccid.parse(ICCID), tmp_path / "backup")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_folder_created_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    class Slow(Spoiled):
        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            (tmp_path / "backup").mkdir(exist_ok=True)
            (tmp_path / "backup" / "of another").touch()
            return super().transmit(apdu)

    with pytest.raises(StorageFailed, match="cannot be written"):
        back_up(
            UiccFiles(Slow(with_enabled(0), file="", answers={})), Iccid.parse(ICCID), tmp_path / "backup"
        )
    assert [path.name for path in tmp_path.rglob("*")] == ["backup", "of another"]


def test_unreadable_files_are_reported_and_the_rest_is_saved(tmp_path: Path) -> None:
    card = Spoiled(with_enabled(0), file="6F3C", answers={"00B2": "6982"})
    backup = back_up(UiccFiles(card), Iccid.parse(ICCID), tmp_path / "backup")
    assert (backup.contacts, backup.messages) == (5, 0)
    assert backup.problems == (
        "A0000000871002FFFFFFFF8900000100/6F3C: The card denies reading "
        "A0000000871002FFFFFFFF8900000100/6F3C.",
        "7F10/6F3C: The card denies reading 7F10/6F3C.",
    )


def test_messages_that_only_df_telecom_holds_are_saved_too(tmp_path: Path) -> None:
    other = SENT.replace("0A4F37", "024F37") + "FF" * (176 - len(SENT) // 2)
    card = Spoiled(with_enabled(0), file="7F106F3C", answers={"00B201": other + "9000"})
    backup = back_up(UiccFiles(card), Iccid.parse(ICCID), tmp_path / "backup")
    texts = [m["text"] for m in json.loads((backup.folder / "messages.json").read_text("utf-8"))]
    assert texts[5:] == ["On my way.", "On"]


def test_a_message_that_cannot_be_decoded_is_saved_as_raw_bytes(tmp_path: Path) -> None:
    backup = saved(holding(Contents(messages=("0100" + "03FF",))), tmp_path / "backup")
    assert backup.problems == ("A message cannot be read: The message has a reserved type (TS 23.040).",)
    (message,) = json.loads((tmp_path / "backup" / "messages.json").read_text("utf-8"))
    assert message["raw"][0].startswith("010003FF")
    text = (tmp_path / "backup" / "messages.txt").read_text("utf-8")
    assert text.startswith(
        "Message unknown (read) The message has a reserved type (TS 23.040).\n    010003FF"
    )


def test_a_message_in_an_unknown_language_is_saved_as_bytes_with_a_problem(tmp_path: Path) -> None:
    turkish = with_enabled(0).profiles[0].contents.messages[5].replace("03240101", "0324010E")
    backup = saved(holding(Contents(messages=(turkish,))), tmp_path / "backup")
    problem = "The message uses an unknown language table (0, 14)."
    assert backup.problems == (f"A message cannot be read: {problem}",)
    (message,) = json.loads((tmp_path / "backup" / "messages.json").read_text("utf-8"))
    assert (message["text"], message["problem"], message["data"][:8]) == (None, problem, "C886E59B")
    text = (tmp_path / "backup" / "messages.txt").read_text("utf-8")
    assert f"(read) {problem}\n    C886E59B" in text
