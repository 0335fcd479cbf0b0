"""What the disk, a lock or the system refuses is exit code 3 with a reason and advice, and never a bug."""

from __future__ import annotations

import builtins
import errno
import fcntl
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest

from lpa import Assistant
from lpa.sim.crypto.pki import Authority
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.command import refusal

NORDLICHT, SHILI = "8949985000000000025", "89869870000000000033"
STATE = "choose another folder with --state-dir."


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return command.card(tmp_path / "card")


@pytest.fixture
def state(tmp_path: Path, card: Path) -> Path:
    return command.unsent_deletion(card, tmp_path / "state", SHILI)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_nothing_runs_without_its_lock(
    card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setenv("LPA_LOCK_DIR", str(tmp_path))

    def fail(_descriptor: int, _operation: int) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    ran = command.run("--reader", f"sim:{card}", "delete", NORDLICHT, "--yes")
    message, advice = refusal(ran).splitlines()
    assert message.startswith(f"The lock {tmp_path}/lpa-")
    assert message.endswith(f".lock cannot be used: {os.strerror(number)}.")
    assert advice == "Set LPA_LOCK_DIR to a folder on a local disk, the same for every lpa."
    monkeypatch.undo()
    assert NORDLICHT in command.run("--reader", f"sim:{card}", "list").out


def test_a_lock_that_fails_after_a_deletion_does_not_hide_it(
    card: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is an earlier notification of another card, which cannot be locked then."""
    other = command.card(tmp_path / "other")
    real = Assistant.send_due_notifications

    def fail(_descriptor: int, _operation: int) -> NoReturn:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    def without_locks(assistant: Assistant, *, progress: object) -> object:
        monkeypatch.setattr(fcntl, "flock", fail)
        return real(assistant)

    monkeypatch.setattr(Assistant, "send_due_notifications", without_locks)
    with SimulatedSmdp(Authority.load(other), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(
            *("--reader", f"sim:{other}", "--state-dir", state, "--ca-bundle", other / "ci.pem"),
            *("--connect-to", smdp.connect_to, "--json", "delete", NORDLICHT, "--yes"),
        )
    assert ran.code == 0
    assert [change["event"] for change in ran.document["result"]["changes"]] == ["delete"]
    assert "No locks available" in ran.err


def test_without_a_thread_the_server_is_not_reached_and_the_deletion_is_done(
    card: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_thread: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    options = ("--reader", f"sim:{card}", "--state-dir", state)
    ran = command.run(*options, "--json", "delete", NORDLICHT, "--yes")
    assert ran.code == 4
    assert ran.document["error"]["message"] == (
        "Cannot reach nordlicht.smdp.example: this computer cannot start another thread."
    )
    assert ran.document["error"]["advice"] == "Close some programs, then try again."
    assert command.run(*options, "notifications", "send").code == 4
    assert command.run(*options, "doctor").code == 3


class FailingConnection(sqlite3.Connection):
    """A connection on which each statement fails with `failure`."""

    failure: tuple[int, str] = (0, "")

    def execute(self, *_arguments: Any) -> NoReturn:
        number, text = self.failure
        error = sqlite3.OperationalError(text)
        error.sqlite_errorcode = number
        raise error


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (
            (sqlite3.SQLITE_IOERR | 1 << 8, "disk I/O error"),
            "Check that the disk works and has free space, or",
        ),
        ((sqlite3.SQLITE_FULL, "database or disk is full"), "Free some disk space, or"),
        (
            (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
            "Make the folder writable for you",
        ),
        ((sqlite3.SQLITE_CANTOPEN, "unable to open database file"), "Make the folder writable for you alone"),
        ((sqlite3.SQLITE_BUSY, "database is locked"), "Wait until the other program has finished, then"),
        ((sqlite3.SQLITE_PROTOCOL, "locking protocol"), "Choose another folder with --state-dir."),
        ((sqlite3.SQLITE_NOTADB, "file is not a database"), "Move the damaged journal.db away."),
    ],
)
def test_advice_about_the_journal_fits_the_error(
    state: Path, monkeypatch: pytest.MonkeyPatch, failure: tuple[int, str], advice: str
) -> None:
    real = sqlite3.connect
    monkeypatch.setattr(FailingConnection, "failure", failure)
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **options: real(path, factory=FailingConnection, **options)
    )
    ran = command.run("--state-dir", state, "protect", "--list")
    message, found = refusal(ran).splitlines()
    assert message == f"The journal in {state} cannot be used: {failure[1]}."
    assert found.startswith(advice)


def test_a_journal_that_is_a_folder_is_to_be_moved_away(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    ran = command.run("--state-dir", tmp_path, "protect", "--list")
    assert refusal(ran) == (
        f"The journal in {tmp_path} cannot be used: journal.db: it is not a regular file.\n"
        "Move it away, or choose another folder with --state-dir.\n"
    )


ADVICE = {
    errno.EIO: "Check that the disk works and has free space, or ",
    errno.ENOSPC: "Free some disk space, or ",
    errno.EROFS: "Make the file system writable, or ",
}


@pytest.mark.parametrize("number", ADVICE)
@pytest.mark.parametrize(
    ("arguments", "message", "otherwise"),
    [
        (("receipts", "verify", "{receipt}"), "The receipt in {receipt} cannot be read", "name another file"),
        (("delete", NORDLICHT, "--yes"), "The receipts cannot be kept in {state}/receipts", STATE[:-1]),
        (("backup", "{new}"), "The backup cannot be written to {new}", "choose another folder"),
        (("show", NORDLICHT, "--html", "{new}"), "The page cannot be written to {new}", "name another file"),
        (
            ("sim", "new", "{new}"),
            "Cannot store a simulated card in the folder {new}",
            "choose another folder",
        ),
        (
            ("--reader", "sim:{card}", "list"),
            "The simulated card in {card} cannot be read",
            "create another card with 'lpa sim new'",
        ),
    ],
)
def test_a_disk_that_fails_is_named_with_advice_that_fits(
    card: Path,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    arguments: tuple[str, ...],
    message: str,
    otherwise: str,
) -> None:
    receipt = next(state.glob("receipts/*/*.der"))

    def named(text: str) -> str:
        return text.format(receipt=receipt, state=state, card=card, new=tmp_path / "new")

    failing_disk(monkeypatch, number, receipt, card / "card.json" if "list" in arguments else receipt)
    options = ("--reader", f"sim:{card}", "--state-dir", state)
    ran = command.run(*options, *map(named, arguments))
    advice = ADVICE[number] + otherwise
    assert refusal(ran) == f"{named(message)}: {os.strerror(number)}.\n{advice}.\n"
    monkeypatch.undo()
    assert NORDLICHT in command.run("--reader", f"sim:{card}", "list").out


def failing_disk(patch: pytest.MonkeyPatch, number: int, *unreadable: Path) -> None:
    """Flushing to the disk fails, except by SQLite, and so does reading these files."""
    real = os.open

    def fail(_file: int) -> NoReturn:
        raise OSError(number, os.strerror(number))

    def opened(path: Any, *arguments: Any, **more: Any) -> int:
        if path in map(str, unreadable) or path in unreadable:
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *arguments, **more)

    real_open = builtins.open

    def opened_file(path: Any, *arguments: Any, **more: Any) -> Any:
        if path in unreadable:
            raise OSError(number, os.strerror(number), str(path))
        return real_open(path, *arguments, **more)

    patch.setattr(os, "fsync", fail)
    patch.setattr(os, "open", opened)
    patch.setattr("io.open", opened_file)


def test_a_receipt_that_cannot_be_read_is_not_said_to_be_missing(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = next(state.glob("receipts/*/*.der"))
    failing_disk(monkeypatch, errno.EIO, receipt)
    ran = command.run("--state-dir", state, "receipts", "show", "1")
    assert refusal(ran).startswith(f"The receipt in {receipt} cannot be read: Input/output error.\n")
    ran = command.run("--state-dir", state, "receipts", "list")
    assert receipt.name in ran.out  # The list is of the names.


@pytest.mark.parametrize(
    ("error", "message", "advice"),
    [
        (
            OSError(errno.EMFILE, "Too many open files"),
            "Too many open files",
            "Close some programs, then try again.",
        ),
        (
            OSError(errno.EIO, "Input/output error", "/some/file"),
            "/some/file: Input/output error",
            "Check that the disk works and has free space, or try again later.",
        ),
        (MemoryError(), "not enough memory", "Close some programs, then try again."),
        (RuntimeError("can't start new thread"), "can't start new thread", "Try again later."),
    ],
)
def test_an_error_of_the_system_that_nothing_expects_is_no_bug(
    card: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str, advice: str
) -> None:
    def fail(_assistant: Assistant) -> NoReturn:
        raise error

    monkeypatch.setattr(Assistant, "profiles", fail)
    ran = command.run("--reader", f"sim:{card}", "--json", "list")
    assert ran.code == 3
    assert ran.document["error"] == {
        "kind": "System",
        "reason": None,
        "message": f"This computer reported an error: {message}.",
        "advice": f"{advice} 'lpa list' shows the card's state.",
    }


def test_a_mistake_of_the_program_is_still_a_bug(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_assistant: Assistant) -> NoReturn:
        raise RuntimeError("impossible")

    monkeypatch.setattr(Assistant, "profiles", fail)
    assert command.run("--reader", f"sim:{card}", "list").code == 70
