"""The proofs on disk: written whole, private, found again, and never pretended."""

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.errors import NotVerified, StorageFailed
from lpa.notifications import receipts
from lpa.notifications.receipts import Receipts
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification

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


def test_only_we_can_read_receipts(tmp_path: Path) -> None:
    receipt = Receipts(tmp_path / "r").keep(EID, signed())
    assert receipt.path.stat().st_mode & 0o777 == 0o600
    assert receipt.path.parent.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o700


def test_keeping_twice_is_keeping_once(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    assert kept.keep(EID, signed()).path == kept.keep(EID, signed()).path
    assert len(kept.of(EID)) == 1


def test_a_receipt_that_was_damaged_is_written_again(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    path = kept.keep(EID, signed()).path
    path.write_bytes(b"half")
    kept.keep(EID, signed())
    assert path.read_bytes() == signed().raw


def test_receipts_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    for number in ("09", "03", "7F"):
        kept.keep(EID, signed(number))
    assert [receipt.notification.metadata.sequence_number for receipt in kept.of(EID)] == [3, 9, 127]


def test_other_files_are_no_receipts(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    path = kept.keep(EID, signed()).path
    (path.parent / "notes.der").write_bytes(b"not one")
    (path.parent / "notes.txt").write_text("not one")
    assert len(kept.of(EID)) == 1
    assert Receipts(tmp_path / "nowhere").of(EID) == ()


def test_what_resembles_a_notification_is_found(tmp_path: Path) -> None:
    kept = Receipts(tmp_path)
    assert [*kept.resembling(EID, signed())] == []
    path = kept.keep(EID, signed()).path
    (path.parent / path.name.replace(path.stem[-8:], "00000000")).write_bytes(b"damaged")
    assert [*kept.resembling(EID, signed(signature="0909"))] == [signed()]
    assert [*kept.resembling(EID, signed(number="08"))] == []
    assert [*kept.resembling(EID, signed(event="0520"))] == []


def test_a_receipt_is_of_the_card_whose_folder_here_it_lies_in(tmp_path: Path) -> None:
    here = Receipts(tmp_path / "here")
    mine, yours = here.keep(EID, signed()), Receipts(tmp_path / "there").keep(EID, signed())
    assert here.card_of(receipts.read(mine.path)) == EID
    assert here.card_of(receipts.read(yours.path)) is None


def test_a_folder_that_is_a_file_is_reported_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("in the way")
    with pytest.raises(StorageFailed, match="cannot be kept in"):
        Receipts(tmp_path / "r").prepare(EID)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that survives a power cut: content synced, then renamed, then the folder synced."""
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
    assert steps == ["sync file", "rename", "sync folder"]


def test_the_cards_of_which_something_is_kept_are_known(tmp_path: Path) -> None:
    other = Eid.parse("35840574000000000000000000000001")
    kept = Receipts(tmp_path / "r")
    assert kept.eids() == ()
    for eid in (EID, other):
        kept.keep(eid, signed())
    (tmp_path / "r" / "notes").mkdir()
    assert kept.eids() == (other, EID)


def test_a_receipt_from_elsewhere_is_read(tmp_path: Path) -> None:
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


@contextlib.contextmanager
def pipe(path: Path) -> Iterator[Path]:
    """A pipe without another end; who waits for one gets an empty one after a while."""
    os.mkfifo(path)
    other_end = threading.Timer(5, lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)))
    other_end.start()
    yield path
    other_end.cancel()


def test_a_pipe_or_a_device_is_no_receipt_and_is_not_waited_for(tmp_path: Path) -> None:
    with pipe(tmp_path / "pipe.der") as path:
        for strange in (path, Path("/dev/zero"), tmp_path):
            with pytest.raises(StorageFailed, match=r"cannot be read: (it is not a regular file|Is a dir)"):
                receipts.read(strange)


def test_many_events_still_make_a_file_name(tmp_path: Path) -> None:
    body = bytes.fromhex("BF2F21 800107 810B00FFFFFFFFFFFFFFFFFFFF 0C03612E62 5A0A98989898989898989898")
    odd = Notification.from_tlv(bytes.fromhex("302D") + body + bytes.fromhex("5F37020102 3000 3000"))
    path = Receipts(tmp_path).keep(EID, odd).path
    assert path.name.startswith("000007-install+enable+disable+delete+")
    assert [*Receipts(tmp_path).resembling(EID, odd)] == [odd]
