"""Locks between processes: a holder that is killed, one that waits, and files that are no locks."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpa.errors import CardBusy, StorageFailed
from lpa.host import locks, posix
from lpa.host.locks import Holder, Locks
from tests.support import as_on_windows
from tests.support.journals import Child, child, ready

CARD = "EID 89049032123451234512345678901235"
NOBODY = 65534


@pytest.fixture(params=["posix", "windows"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "windows":
        monkeypatch.setattr(locks, "system", as_on_windows.load_windows(monkeypatch))
    folder = tmp_path / "locks"
    folder.mkdir()
    return folder


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder like /run/lock; those of pytest are private."""
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


def test_a_lock_is_of_any_path_and_command(folder: Path) -> None:
    held = Locks(folder, command="\udcff")
    with held.lock("sim /card \udcff"), pytest.raises(CardBusy), held.lock("sim /card \udcff"):
        pass


def test_without_waiting_the_error_names_the_holder(folder: Path) -> None:
    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        with pytest.raises(CardBusy) as caught, Locks(folder).lock(CARD):
            pass
    assert caught.value.message == f"The card is in use by 'lpa delete' (process {holder.pid})."


def test_a_wait_names_the_holder_once_and_ends_when_it_is_killed(folder: Path) -> None:
    holders: list[Holder] = []

    def kill(who: Holder) -> None:
        holders.append(who)
        holder.kill()

    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        with Locks(folder, on_wait=kill).lock(CARD):
            assert holders == [Holder(holder.pid, "lpa delete")]
            with pytest.raises(CardBusy, match=f"process {os.getpid()}"), Locks(folder).lock(CARD):
                pass


def test_lock_if_free_never_waits(folder: Path) -> None:
    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        locks = Locks(folder, on_wait=lambda _: holder.kill())  # a wait would end with the lock
        with locks.lock_if_free(CARD) as free:
            assert not free
    with locks.lock_if_free(CARD) as free:
        assert free


def test_ctrl_c_ends_a_wait_and_leaves_the_lock_to_its_holder(folder: Path) -> None:
    def stop(_: Holder) -> None:
        interrupt = (threading.get_ident(), signal.SIGINT)
        threading.Timer(0.05, signal.pthread_kill, interrupt).start()  # when the wait has begun

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with child(holding(folder)) as holder:
            holder.wait_until_ready()
            with pytest.raises(KeyboardInterrupt), Locks(folder, on_wait=stop).lock(CARD):
                pass
            with pytest.raises(CardBusy, match=f"process {holder.pid}"), Locks(folder).lock(CARD):
                pass
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_released_lock_names_no_holder(folder: Path) -> None:
    with Locks(folder, command="lpa list").lock(CARD):
        assert the_only_file(folder).read_text() == f"{os.getpid()} lpa list"
    assert the_only_file(folder).read_bytes() == b""


def test_two_cards_have_two_locks_whose_names_show_no_eid(folder: Path) -> None:
    with Locks(folder).lock(CARD), Locks(folder).lock("EID 89999999000000000000000000000112"):
        names = [path.name for path in folder.iterdir()]
    assert len(names) == 2
    assert not any(number in name for name in names for number in ("89049032", "89999999"))


# Nobody else can become a second user. What lets that one in is the mode, and that is tested below for all.
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as two users")
def test_two_users_of_a_computer_exclude_each_other(shared: Path) -> None:
    def as_nobody() -> None:
        os.umask(0o077)
        os.setuid(NOBODY)
        holding(shared, "lpa enable")()

    with Locks(shared, command="lpa list").lock(CARD):  # root makes the file
        pass
    with child(as_nobody) as holder:
        holder.wait_until_ready()
        with (
            pytest.raises(CardBusy, match=rf"'lpa enable' \(process {holder.pid}\)"),
            Locks(shared).lock(CARD),
        ):
            pass


def test_a_lock_is_as_open_as_its_folder(shared: Path, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        for folder in (shared, private):
            with Locks(folder).lock(CARD):
                pass
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(the_only_file(folder).stat().st_mode) for folder in (shared, private)]
    assert modes == [0o666, 0o600]


@pytest.mark.parametrize("plant", ["link", "dangling link", "hard link", "pipe", "folder"])
def test_a_link_pipe_or_folder_in_place_of_a_lock_is_refused_and_left(
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


def test_a_file_that_the_system_cannot_lock_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")  # as on some network file systems

    monkeypatch.setattr(fcntl, "flock", fail)
    with (
        pytest.raises(StorageFailed, match=r"lock .* cannot be used: No locks available\."),
        Locks(tmp_path).lock(CARD),
    ):
        pass


def test_a_lock_that_is_removed_during_a_wait_is_created_anew(folder: Path) -> None:
    def remove(_: Holder) -> None:
        the_only_file(folder).unlink()
        holder.kill()

    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        with Locks(folder, on_wait=remove).lock(CARD):
            assert the_only_file(folder).read_text().startswith(str(os.getpid()))


def test_garbage_in_the_file_names_no_holder(folder: Path) -> None:
    with child(holding(folder)) as holder:
        holder.wait_until_ready()
        for garbage in (b"", b"\xff" * 999, b"12", "١٢ lpa".encode(), b"-1 lpa"):
            the_only_file(folder).write_bytes(garbage)
            with pytest.raises(CardBusy, match="another program"), Locks(folder).lock(CARD):
                pass


def test_processes_that_race_for_a_new_lock_hold_it_in_turn(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def take_and_note() -> None:
        with Locks(folder, on_wait=lambda _: None).lock(CARD), log.open("a") as file:
            file.write("in ")
            file.flush()
            file.write("out ")

    racers = [Child(take_and_note) for _ in range(8)]
    assert [racer.result() for racer in racers] == [0] * 8
    assert log.read_text() == "in out " * 8


def test_the_locks_of_a_computer_are_in_the_named_or_a_shared_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared: Path
) -> None:
    monkeypatch.setenv("LPA_LOCK_DIR", str(tmp_path))
    assert locks.shared_folder() == tmp_path
    monkeypatch.delenv("LPA_LOCK_DIR")
    monkeypatch.setattr(posix, "_SHARED", ("/nowhere", "/usr", str(shared), "/run/lock"))
    # A folder of another user is not taken: that user could remove the locks in it.
    assert locks.shared_folder() == (shared if os.geteuid() == 0 else Path("/run/lock"))
