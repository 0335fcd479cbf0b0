"""Private files and folders: no other user has access, and nothing is written through a link."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import pages
from lpa.errors import LpaError, StorageFailed
from lpa.host import files
from lpa.journal import Journal
from lpa.notifications.receipts import Receipts
from lpa.profiles.backup import staging_folder
from tests.support.journals import EID, signed
from tests.support.unprivileged import unprivileged

RESTRICTED = "was accessible to other users; only its owner can access it now"


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A user whose new files are open to all users."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    yield victim
    assert victim.read_text() == "precious"


def open_journal(folder: Path) -> None:
    with closing(Journal(folder)) as journal:
        journal.keep(EID, signed())


def keep_receipt(folder: Path) -> None:
    Receipts(folder / "receipts").keep(EID, signed())


WRITERS: list[Callable[[Path], None]] = [open_journal, keep_receipt]


def modes(folder: Path) -> set[tuple[str, int]]:
    found = [folder, *folder.rglob("*")]
    return {("folder" if path.is_dir() else "file", stat.S_IMODE(path.stat().st_mode)) for path in found}


@pytest.mark.parametrize("write", WRITERS)
def test_new_folders_and_files_of_the_state_are_private(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "made" / "state")
    assert modes(tmp_path / "made") == {("folder", 0o700), ("file", 0o600)}


def test_a_state_folder_open_to_others_is_restricted_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").mkdir(mode=0o777)
    open_journal(tmp_path / "state")
    assert modes(tmp_path / "state") == {("folder", 0o700), ("file", 0o600)}
    assert caplog.messages == [f"{tmp_path / 'state'} {RESTRICTED}"]


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_open_to_others_is_restricted_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, write: Callable[[Path], None]
) -> None:
    """Also the files of SQLite, which exist while a journal is open."""
    folder = tmp_path / "state"
    with closing(Journal(folder)):
        write(folder)
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert len(files) >= 3
        for path in files:
            path.chmod(0o644)
        write(folder)
        wanted = files if write is open_journal else [path for path in files if path.suffix == ".der"]
        assert {stat.S_IMODE(path.stat().st_mode) for path in wanted} == {0o600}
        assert len(caplog.messages) == len(wanted)
        assert all(message.endswith(RESTRICTED) for message in caplog.messages)


def test_older_receipts_are_restricted_except_one_with_two_hard_links(tmp_path: Path) -> None:
    kept = Receipts(tmp_path / "receipts").keep(EID, signed("01")).path
    linked = Receipts(tmp_path / "receipts").keep(EID, signed("02")).path
    (tmp_path / "copy").hardlink_to(linked)
    for path in (kept, linked):
        path.chmod(0o644)
    Receipts(tmp_path / "receipts").keep(EID, signed("03"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept, linked)] == [0o600, 0o644]


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (open_journal, "state"),
        (keep_receipt, "state/receipts"),
        (keep_receipt, f"state/receipts/{EID}"),
    ],
)
def test_a_link_in_place_of_a_folder_is_refused(
    tmp_path: Path, write: Callable[[Path], None], name: str
) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / name
    elsewhere.mkdir()
    link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    link.symlink_to(elsewhere)
    with pytest.raises(StorageFailed):
        write(tmp_path / "state")
    assert list(elsewhere.iterdir()) == []


def test_the_error_names_what_is_in_place_of_the_state_folder(tmp_path: Path) -> None:
    """Linux reports a link to a folder as "Not a directory", which misleads."""
    (tmp_path / "link").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageFailed, match=r"link cannot be used: it is a symbolic link\."):
        open_journal(tmp_path / "link")
    with pytest.raises(StorageFailed, match=r"pipe cannot be used: it is not a folder\."):
        open_journal(tmp_path / "pipe")


@pytest.mark.parametrize("write", WRITERS)
def test_a_folder_of_another_user_is_refused(
    tmp_path: Path, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "receipts").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(StorageFailed, match="it belongs to another user"):
        write(tmp_path / "state")


def test_a_state_folder_in_a_shared_folder_is_accepted(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o1777)
        open_journal(Path(name) / "state")
        assert modes(Path(name) / "state") == {("folder", 0o700), ("file", 0o600)}


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal", "journal.db-shm", "journal.db-journal"])
@pytest.mark.parametrize("plant", ["link", "dangling link", "hard link", "pipe"])
def test_a_link_or_pipe_in_place_of_the_journal_is_refused(
    tmp_path: Path, victim: Path, name: str, plant: str
) -> None:
    place = tmp_path / "state" / name
    place.parent.mkdir(mode=0o700)
    plant_at(place, plant, victim)
    with pytest.raises(StorageFailed, match=r"cannot be used: .*it (is|has)"):
        open_journal(tmp_path / "state")


@pytest.mark.parametrize("plant", ["link", "dangling link", "pipe"])
def test_a_link_or_pipe_in_place_of_a_receipt_is_refused(tmp_path: Path, victim: Path, plant: str) -> None:
    receipts = Receipts(tmp_path / "receipts")
    path = receipts.keep(EID, signed()).path
    path.unlink()
    same_content = tmp_path / "same"
    same_content.write_bytes(signed().raw)
    plant_at(path, plant, same_content)
    with pytest.raises(StorageFailed):
        receipts.keep(EID, signed())


def test_a_page_is_private_and_replaces_an_older_one(tmp_path: Path) -> None:
    for page in ("first", "second"):
        pages.save(page, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == "second"
    assert modes(tmp_path) >= {("file", 0o600)}
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_page_that_replaces_a_hard_link_leaves_the_linked_file(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "page.html").hardlink_to(victim)
    pages.save("page", tmp_path / "page.html")


@pytest.mark.parametrize("plant", ["link", "dangling link", "pipe", "folder"])
def test_a_page_is_not_written_through_a_link_pipe_or_folder(
    tmp_path: Path, victim: Path, plant: str
) -> None:
    plant_at(tmp_path / "page.html", plant, victim)
    with pytest.raises(StorageFailed, match="cannot be written to"):
        pages.save("page", tmp_path / "page.html")
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", "victim"}


def test_a_page_that_cannot_be_written_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.save("before", tmp_path / "page.html")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LpaError, match="No space left"):
        pages.save("after", tmp_path / "page.html")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_a_new_file_is_never_written_through_a_link(tmp_path: Path, victim: Path) -> None:
    for plant in ("link", "dangling link"):
        place = tmp_path / plant
        plant_at(place, plant, victim)
        with pytest.raises(FileExistsError):
            files.write_new(place, b"x")
    assert not (tmp_path / "nothing").exists()


def plant_at(place: Path, plant: str, victim: Path) -> None:
    match plant:
        case "link":
            place.symlink_to(victim)
        case "dangling link":
            place.symlink_to(victim.parent / "nothing")
        case "hard link":
            place.hardlink_to(victim)
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders whose names were flushed to the disk, in order; a file is not noted."""
    paths: list[Path] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return paths


def test_the_name_of_each_new_folder_is_flushed_before_it_is_used(
    tmp_path: Path, flushed: list[Path]
) -> None:
    (tmp_path / "other").touch()
    files.make_folder(tmp_path / "a" / "b" / "c")
    assert flushed == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    (tmp_path / "a" / "b" / "c" / "file").touch()
    files.make_folder(tmp_path / "a" / "b" / "c")
    assert len(flushed) == 3


def test_an_empty_folder_may_be_of_a_process_that_was_killed(tmp_path: Path, flushed: list[Path]) -> None:
    (tmp_path / "a").mkdir()
    files.make_folder(tmp_path / "a" / "b")
    assert flushed == [tmp_path, tmp_path / "a"]


def test_the_names_above_a_receipt_are_flushed_before_its_own(tmp_path: Path, flushed: list[Path]) -> None:
    (tmp_path / "other").touch()
    keep_receipt(tmp_path / "state")
    state, receipts = tmp_path / "state", tmp_path / "state" / "receipts"
    assert list(dict.fromkeys(flushed)) == [tmp_path, state, receipts, receipts / str(EID)]


def test_the_name_of_the_journal_is_flushed(tmp_path: Path, flushed: list[Path]) -> None:
    (tmp_path / "other").touch()
    open_journal(tmp_path / "state")
    assert flushed == [tmp_path, tmp_path / "state"]


def test_the_names_above_a_backup_are_flushed(tmp_path: Path, flushed: list[Path]) -> None:
    (tmp_path / "other").touch()
    with staging_folder(tmp_path / "a" / "b" / "backup"):
        assert flushed == [tmp_path, tmp_path / "a"]
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o777


def test_a_folder_that_cannot_be_opened_is_flushed_with_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    monkeypatch.setattr(os, "sync", lambda: flushed.append("all"))
    (tmp_path / "blind").mkdir(mode=0o300)
    with unprivileged():
        files.make_folder(tmp_path / "blind" / "state")
    assert flushed == ["all"]
    (tmp_path / "blind").chmod(0o700)


def test_a_file_that_may_be_lost_is_written_whole_and_private_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("it waits for the disk"))
    for content in (b"first", b"second"):
        files.write_unsynced(tmp_path / "known", content)
        assert (tmp_path / "known").read_bytes() == content
    assert [*tmp_path.iterdir()] == [tmp_path / "known"]
    assert stat.S_IMODE((tmp_path / "known").stat().st_mode) == 0o600


def test_it_is_known_whether_a_folder_was_open_to_others(tmp_path: Path) -> None:
    assert files.make_folder(tmp_path / "own") is False
    (tmp_path / "own").chmod(0o755)
    assert [files.make_folder(tmp_path / "own"), files.make_folder(tmp_path / "own")] == [True, False]
