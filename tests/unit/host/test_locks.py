"""One operation at a time: two processes, one that dies, one that waits, and what is planted in the way."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpa.errors import CardBusy, StorageFailed
from lpa.host import locks
from lpa.host.locks import Holder, Locks
from tests.support.journals import Child, child, ready

CARD = "EID 89049032123451234512345678901235"
NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "locks"
    folder.mkdir()
    return folder


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """As /run/lock is: pytest's own folders let nobody else in."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o1777)
        yield Path(name)


def holding(folder: Path, command: str = "lpa delete") -> Callable[[], None]:
    def hold() -> None:
        with Locks(folder, command=command).lock(CARD):
            ready()

    return hold


def the_only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_who_does_not_wait_is_told_who_holds_the_card(folder: Path) -> None:
    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        with pytest.raises(CardBusy) as caught, Locks(folder).lock(CARD):
            pass
    assert caught.value.message == f"Another lpa works with this card: 'lpa delete' (process {holder.pid})."


def test_who_waits_is_told_once_and_goes_on_when_the_holder_is_killed(folder: Path) -> None:
    told: list[Holder] = []

    def kill(who: Holder) -> None:
        told.append(who)
        holder.kill()

    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        with Locks(folder, notice=kill).lock(CARD):
            assert told == [Holder(holder.pid, "lpa delete")]
            with pytest.raises(CardBusy, match=f"process {os.getpid()}"), Locks(folder).lock(CARD):
                pass


def test_who_asks_whether_it_is_free_never_waits_though_others_of_its_kind_do(folder: Path) -> None:
    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        locks = Locks(folder, notice=lambda _: holder.kill())  # who waited would have it then
        with locks.lock_if_free(CARD) as free:
            assert not free
    with locks.lock_if_free(CARD) as free:
        assert free


def test_ctrl_c_ends_the_waiting_and_leaves_the_lock_to_its_holder(folder: Path) -> None:
    def stop(_: Holder) -> None:
        interrupt = (threading.get_ident(), signal.SIGINT)
        threading.Timer(0.05, signal.pthread_kill, interrupt).start()  # when the wait has begun

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with child(holding(folder)) as holder:
            holder.wait_until_ready()
            with pytest.raises(KeyboardInterrupt), Locks(folder, notice=stop).lock(CARD):
                pass
            with pytest.raises(CardBusy, match=f"process {holder.pid}"), Locks(folder).lock(CARD):
                pass
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_lock_that_was_held_names_nobody(folder: Path) -> None:
    with Locks(folder, command="lpa list").lock(CARD):
        assert the_only_file(folder).read_text() == f"{os.getpid()} lpa list"
    assert the_only_file(folder).read_bytes() == b""


def test_two_cards_are_two_locks_and_neither_shows_its_number(folder: Path) -> None:
    with Locks(folder).lock(CARD), Locks(folder).lock("EID 89999999000000000000000000000112"):
        names = [path.name for path in folder.iterdir()]
    assert len(names) == 2
    assert not any(number in name for name in names for number in ("89049032", "89999999"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_two_users_of_one_host_exclude_each_other(everybodys: Path) -> None:
    def as_nobody() -> None:
        os.umask(0o077)
        os.setuid(NOBODY)
        holding(everybodys, "lpa enable")()

    with Locks(everybodys, command="lpa list").lock(CARD):  # root makes the file
        pass
    with child(as_nobody) as holder:
        holder.wait_until_ready()
        with (
            pytest.raises(CardBusy, match=rf"'lpa enable' \(process {holder.pid}\)"),
            Locks(everybodys).lock(CARD),
        ):
            pass


def test_in_a_folder_of_everybody_the_file_is_everybodys_and_in_ours_it_is_ours(
    everybodys: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "ours"
    ours.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        for folder in (everybodys, ours):
            with Locks(folder).lock(CARD):
                pass
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(the_only_file(folder).stat().st_mode) for folder in (everybodys, ours)]
    assert modes == [0o666, 0o600]


@pytest.mark.parametrize("plant", ["link", "dangling link", "hard link", "pipe", "folder"])
def test_what_is_planted_in_its_place_is_refused_and_left_as_it_is(
    folder: Path, tmp_path: Path, plant: str
) -> None:
    with Locks(folder).lock(CARD):
        place = the_only_file(folder)
    place.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    plants: dict[str, Callable[[], None]] = {
        "link": lambda: place.symlink_to(victim),
        "dangling link": lambda: place.symlink_to(tmp_path / "nothing"),
        "hard link": lambda: place.hardlink_to(victim),
        "pipe": lambda: os.mkfifo(place),
        "folder": place.mkdir,
    }
    plants[plant]()
    with pytest.raises(StorageFailed, match="cannot be used"), Locks(folder).lock(CARD):
        pass
    assert victim.read_text() == "precious"
    assert not (tmp_path / "nothing").exists()


def test_a_lock_that_was_swept_away_while_we_waited_is_taken_anew(folder: Path) -> None:
    def sweep(_: Holder) -> None:
        the_only_file(folder).unlink()
        holder.kill()

    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        with Locks(folder, notice=sweep).lock(CARD):
            assert the_only_file(folder).read_text().startswith(str(os.getpid()))


def test_garbage_in_the_file_is_no_holder(folder: Path) -> None:
    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        for garbage in (b"", b"\xff" * 999, b"12", "١٢ lpa".encode(), b"-1 lpa"):
            the_only_file(folder).write_bytes(garbage)
            with pytest.raises(CardBusy, match="another program"), Locks(folder).lock(CARD):
                pass


def test_all_who_race_for_a_new_lock_have_it_one_after_the_other(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def take_and_note() -> None:
        with Locks(folder, notice=lambda _: None).lock(CARD), log.open("a") as file:
            file.write("in ")
            file.flush()
            file.write("out ")

    racers = [Child(take_and_note) for _ in range(8)]
    assert [racer.result() for racer in racers] == [0] * 8
    assert log.read_text() == "in out " * 8


def test_the_locks_of_a_host_are_in_a_folder_of_everybody_or_where_they_were_put(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, everybodys: Path
) -> None:
    monkeypatch.setenv("LPA_LOCK_DIR", str(tmp_path))
    assert locks.shared_folder() == tmp_path
    monkeypatch.delenv("LPA_LOCK_DIR")
    monkeypatch.setattr(locks, "_SHARED", ("/nowhere", "/usr", str(everybodys), "/run/lock"))
    # Only the system makes such a folder: one of another user would be theirs to fill.
    assert locks.shared_folder() == (everybodys if os.geteuid() == 0 else Path("/run/lock"))
