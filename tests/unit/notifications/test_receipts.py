"""Receipts are written completely, private to the user, and found again."""

import errno
import os
import stat
import zlib
from pathlib import Path

import pytest

from lpa.errors import NotVerified, StorageFailed
from lpa.host import system
from lpa.notifications import receipts
from lpa.notifications.receipt_names import ReceiptName
from lpa.notifications.receipts import Receipts
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification
from tests.support import command
from tests.support.pipes import pipe

EID = Eid.parse("89049032123451234512345678901235")


def signed(number: str = "07", event: str = "0410", signature: str = "0102") -> Notification:
    body = bytes.fromhex(f"BF2F18 8001{number} 8102{event} 0C03612E62 5A0A98989898989898989898")
    body += bytes.fromhex(f"5F3702{signature} 3000 3000")
    return Notification.from_tlv(bytes([0x30, len(body)]) + body)


def test_a_receipt_is_the_notification_byte_for_byte(tmp_path: Path) -> None:
    receipt = Receipts(tmp_path / "r").keep(EID, signed())
    assert receipt.path.read_bytes() == signed().raw
    assert receipt.path.parent.name == str(EID)
    assert receipt.path.name.startswith("000007-delete-89898989898989898989-")
    assert receipt.path.suffix == ".der"


def test_only_the_user_can_read_receipts(tmp_path: Path) -> None:
    receipt = Receipts(tmp_path / "r").keep(EID, signed())
    assert receipt.path.stat().st_mode & 0o777 == 0o600
    assert receipt.path.parent.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o700


def test_keeping_a_receipt_again_changes_nothing(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    assert kept.keep(EID, signed()).path == kept.keep(EID, signed()).path
    assert len(kept.of(EID)) == 1


def test_a_damaged_receipt_is_written_again(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    path = kept.keep(EID, signed()).path
    path.write_bytes(b"half")
    kept.keep(EID, signed())
    assert path.read_bytes() == signed().raw


def test_receipts_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    for number in ("09", "03", "7F"):
        kept.keep(EID, signed(number))
    assert [receipt.notification.metadata.sequence_number for receipt in kept.of(EID)] == [3, 9, 127]


def test_other_files_are_no_receipts(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    path = kept.keep(EID, signed()).path
    (path.parent / "notes.der").write_bytes(b"garbage")
    (path.parent / "notes.txt").write_text("garbage")
    assert len(kept.of(EID)) == 1
    assert Receipts(tmp_path / "nowhere").of(EID) == ()


def test_receipts_with_the_same_number_event_and_profile_are_found(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    assert [*kept.resembling(EID, signed())] == []
    path = kept.keep(EID, signed()).path
    (path.parent / path.name.replace(path.stem[-8:], "00000000")).write_bytes(b"damaged")
    assert [*kept.resembling(EID, signed(signature="0909"))] == [signed()]
    assert [*kept.resembling(EID, signed(number="08"))] == []
    assert [*kept.resembling(EID, signed(event="0520"))] == []


def test_the_names_of_receipts_say_what_they_are_about(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    path = kept.keep(EID, signed()).path
    (says,) = kept.names(EID)
    assert says[:4] == (path.name, 7, "delete", "89898989898989898989")
    assert (says, kept.path(EID, says)) == (ReceiptName.of(signed()), path)
    assert says.checksum == zlib.crc32(signed().raw)


def test_a_receipt_with_another_name_is_listed_by_its_content(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    path = kept.keep(EID, signed("09")).path
    path.rename(path.with_name("mine.der"))
    (path.parent / "garbage.der").write_bytes(b"garbage")
    kept.keep(EID, signed("07"))
    assert [(says.name[:6], says.sequence_number) for says in kept.names(EID)] == [
        ("000007", 7),
        ("mine.d", 9),
    ]


def test_the_receipts_with_a_number_have_it_in_their_content_too(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    path = kept.keep(EID, signed("07")).path
    kept.keep(EID, signed("07", signature="0909"))
    (path.parent / f"000008{path.name[6:]}").write_bytes(path.read_bytes())
    found = {bytes(one.notification.raw) for one in kept.numbered(EID, 7)}
    assert found == {bytes(signed("07").raw), bytes(signed("07", signature="0909").raw)}
    assert kept.numbered(EID, 8) == ()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the receipts that are opened from now on."""
    names: list[str] = []
    really_open = os.open

    def counting(path: str | os.PathLike[str], *arguments: int, **more: int) -> int:
        names.extend([Path(path).name] if Path(path).suffix == ".der" else [])
        return really_open(path, *arguments, **more)

    monkeypatch.setattr(os, "open", counting)
    return names


def test_of_many_receipts_only_those_that_are_asked_for_are_opened(tmp_path: Path, opened: list[str]) -> None:
    kept = Receipts(tmp_path / "receipts")
    of_number = {number: kept.keep(EID, signed(f"{number:02X}")).path.name for number in range(1, 100)}
    opened.clear()
    fresh = Receipts(tmp_path / "receipts")
    assert len(fresh.names(EID)) == 99
    assert [*fresh.resembling(EID, signed(signature="0909", number="0A"))] == [signed("0A")]
    assert len(fresh.numbered(EID, 11)) == 1
    fresh.prepare(EID)
    assert fresh.keep(EID, signed("64")).path.exists()
    assert opened == [of_number[10], of_number[11]]


def test_the_commands_open_only_the_receipts_that_they_show(tmp_path: Path, opened: list[str]) -> None:
    kept = Receipts.open(tmp_path)
    names = [kept.keep(EID, signed(f"{number:02X}")).path.name for number in range(1, 100)]
    opened.clear()
    ran = command.run("--state-dir", tmp_path, "receipts", "list")
    assert [line.split()[-1] for line in ran.out.splitlines()[2:]] == names
    assert opened == []
    assert command.run("--state-dir", tmp_path, "receipts", "show", "7").code == 0
    assert opened == [names[6]]


def test_an_existing_receipt_is_synced_before_it_counts_as_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote it may have ended before it was on the disk."""
    steps = []
    fsync = os.fsync

    def synced(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    path = Receipts(tmp_path).keep(EID, signed()).path
    before = path.stat()
    kept = Receipts(tmp_path)
    monkeypatch.setattr(os, "fsync", synced)
    kept.keep(EID, signed())
    assert steps == ["file", "folder"]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    kept.keep(EID, signed())
    assert steps == ["file", "folder"], "it was synced by this process already"


def test_an_existing_receipt_that_cannot_be_synced_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    Receipts(tmp_path).keep(EID, signed())
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StorageFailed, match="Input/output error"):
        Receipts(tmp_path).keep(EID, signed())


def test_a_receipt_belongs_to_the_card_of_its_folder(tmp_path: Path) -> None:
    here = Receipts(tmp_path / "here")
    own, other = here.keep(EID, signed()), Receipts(tmp_path / "there").keep(EID, signed())
    assert here.card_of(receipts.read(own.path)) == EID
    assert here.card_of(receipts.read(other.path)) is None


def test_prepare_refuses_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("in the way")
    with pytest.raises(StorageFailed, match="cannot be kept in"):
        Receipts(tmp_path / "r").prepare(EID)


def test_a_full_disk_leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    kept = Receipts(tmp_path)
    kept.prepare(EID)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailed, match="No space left"):
        kept.keep(EID, signed())
    with pytest.raises(StorageFailed, match="No space left"):
        kept.prepare(EID)
    assert list((tmp_path / str(EID)).iterdir()) == []


def test_a_receipt_is_synced_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that survives a power cut: sync the content, rename, sync the folder."""
    steps = []
    fsync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        steps.append("sync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "sync file")
        fsync(handle)

    def renamed(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    kept = Receipts(tmp_path)
    kept.prepare(EID)
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    kept.keep(EID, signed())
    assert steps[-3:] == ["sync file", "rename", "sync folder"]


def test_eids_lists_the_cards_that_have_receipts(tmp_path: Path) -> None:
    other = Eid.parse("35840574000000000000000000000001")
    kept = Receipts(tmp_path / "r")
    assert kept.eids() == ()
    for eid in (EID, other):
        kept.keep(eid, signed())
    (tmp_path / "r" / "notes").mkdir()
    assert kept.eids() == (other, EID)


def test_a_receipt_in_another_folder_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sent-by-mail.der"
    path.write_bytes(signed().raw)
    assert receipts.read(path) == receipts.Receipt(path, signed())
    path.write_bytes(b"none")
    with pytest.raises(NotVerified, match="There is no receipt in"):
        receipts.read(path)
    with pytest.raises(StorageFailed, match="cannot be read: No such file"):
        receipts.read(tmp_path / "none.der")


def test_a_file_that_is_too_large_is_no_receipt(tmp_path: Path) -> None:
    path = tmp_path / "large.der"
    path.touch()
    os.truncate(path, 1 << 40)  # more than any memory has
    with pytest.raises(NotVerified, match="has more than 65536 bytes"):
        receipts.read(path)


def test_a_pipe_or_a_device_is_refused_without_waiting(tmp_path: Path) -> None:
    with pipe(tmp_path / "pipe.der") as path:
        for unusual in (path, Path("/dev/zero"), tmp_path):
            with pytest.raises(StorageFailed, match=r"cannot be read: (it is not a regular file|Is a dir)"):
                receipts.read(unusual)


def test_the_name_of_a_receipt_with_many_events_is_cut(tmp_path: Path) -> None:
    body = bytes.fromhex("BF2F21 800107 810B00FFFFFFFFFFFFFFFFFFFF 0C03612E62 5A0A98989898989898989898")
    odd = Notification.from_tlv(bytes.fromhex("302D") + body + bytes.fromhex("5F37020102 3000 3000"))
    path = Receipts(tmp_path).keep(EID, odd).path
    assert path.name.startswith("000007-install+enable+disable+delete+")
    assert [*Receipts(tmp_path).resembling(EID, odd)] == [odd]


def test_a_receipt_is_found_by_what_it_holds(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    assert kept.receipt(EID, signed()) is None
    receipt = kept.keep(EID, signed())
    assert kept.receipt(EID, signed()) == receipt
    assert kept.receipt(EID, signed(signature="0909")) is None


def test_beside_very_many_receipts_a_new_one_is_kept_without_listing_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card counts up: what has a higher number than the journal knows resembles no older receipt."""
    Receipts(tmp_path).keep(EID, signed("07"))
    listed: list[Path] = []

    def listdir(folder: Path) -> list[str]:
        listed.append(folder)
        return []

    monkeypatch.setattr(os, "listdir", listdir)
    kept = Receipts(tmp_path)
    kept.prepare(EID)
    assert [*kept.resembling(EID, signed("08"), newest=7)] == []
    kept.keep(EID, signed("08"))
    assert [*kept.resembling(EID, signed("08"), newest=7)] == [signed("08")], "the journal is an older copy"
    assert listed == []
    assert [*kept.resembling(EID, signed("07", signature="0909"), newest=7)] == []
    assert listed == [tmp_path / str(EID)]


def test_beside_very_many_receipts_the_modes_of_a_few_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 7):
        Receipts(tmp_path).keep(EID, signed(f"{number:02X}"))
    monkeypatch.setattr(receipts, "_LOOKED_AT", 2)
    looked_at: list[int] = []
    is_private = system.is_private

    def counted(status: os.stat_result) -> bool:
        looked_at.extend([1] if stat.S_ISREG(status.st_mode) else [])
        return is_private(status)

    monkeypatch.setattr(system, "is_private", counted)
    Receipts(tmp_path).prepare(EID)
    assert len(looked_at) == 2
    for path in (tmp_path / str(EID)).iterdir():
        path.chmod(0o644)
    Receipts(tmp_path).prepare(EID)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / str(EID)).iterdir()} == {0o600}
