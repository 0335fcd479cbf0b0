"""Receipts of which the journal has no record are named, with the command that sends them."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import ConnectFailed
from lpa.journal import Journal
from lpa.notifications import receipts, unrecorded
from lpa.notifications.receipts import Receipt, Receipts
from lpa.rsp.records import Notification
from tests.support import command
from tests.support.field_cards import FieldCard
from tests.support.journals import EID, OTHER, signed
from tests.support.notified_servers import Servers, card_with


@pytest.fixture
def folder(tmp_path: Path) -> Receipts:
    return Receipts.open(tmp_path)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path)) as journal:
        yield journal


def numbers(journal: Journal, folder: Receipts) -> list[int]:
    found, more = unrecorded.find(journal, folder)
    assert more == 0
    return [one.receipt.notification.metadata.sequence_number for one in found]


def test_what_the_journal_knows_is_not_named(journal: Journal, folder: Receipts) -> None:
    for eid in (EID, OTHER):
        for number in ("07", "08", "09"):
            folder.keep(eid, signed(number))
    journal.keep(EID, signed("07"), signed("08"))
    journal.keep(None, signed("09"))
    journal.sent(None, signed("09"), {})
    found, _ = unrecorded.find(journal, folder)
    assert [(one.eid, one.receipt.notification) for one in found] == [
        (OTHER, signed("07")),
        (OTHER, signed("08")),
    ]
    (first, _) = found
    assert shlex.split(first.command) == ["lpa", "notifications", "send", str(first.receipt.path)]


def test_a_receipt_is_known_by_its_content_and_not_by_its_number(journal: Journal, folder: Receipts) -> None:
    folder.keep(EID, signed("07", signature="0909"))
    journal.keep(EID, signed("07"))
    assert numbers(journal, folder) == [7]
    journal.keep(EID, signed("07", signature="0909"))
    assert numbers(journal, folder) == []


def test_a_receipt_that_was_renamed_is_known(journal: Journal, folder: Receipts) -> None:
    path = folder.keep(EID, signed()).path
    path.rename(path.with_name("000008-delete-unknown-00000000.der"))
    assert numbers(journal, folder) == [7]
    journal.keep(EID, signed())
    assert numbers(journal, folder) == []


def test_other_files_are_not_named(journal: Journal, folder: Receipts) -> None:
    path = folder.keep(EID, signed()).path
    for name in (path.name, "notes.der"):
        path.with_name(name).write_bytes(b"garbage")
    assert numbers(journal, folder) == []


def test_only_what_is_unknown_is_read(
    journal: Journal, folder: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    really_read = receipts.read
    every = [signed(f"{number:02X}") for number in range(1, 100)]
    for one in every:
        folder.keep(EID, one)
    journal.keep(EID, *every[:98])

    def counting(path: Path) -> Receipt:
        read.append(path.name)
        return really_read(path)

    monkeypatch.setattr(receipts, "read", counting)
    assert numbers(journal, folder) == [99]
    assert [name[:6] for name in read] == ["000099"]


def test_of_very_many_only_the_first_are_read(
    journal: Journal, folder: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrecorded, "MOST", 2)
    for number in ("07", "08", "09", "0A"):
        folder.keep(EID, signed(number))
    found, more = unrecorded.find(journal, folder)
    assert ([one.receipt.notification for one in found], more) == ([signed("07"), signed("08")], 2)


# The commands, after the journal was restored from a backup that is older than the last deletion.


@pytest.fixture
def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[tuple[object, ...], Notification]:
    """Options for commands, and the notification that only a receipt is left of."""
    euicc, state = card_with("one.example"), tmp_path / "state"
    down = Servers(one_example=ConnectFailed("down"))
    with Assistant(euicc, state_dir=state, servers=down) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        assistant.disable(euicc.profiles[1].iccid)
        assistant.journal.close()
        shutil.copytree(state, tmp_path / "backup")
    with Assistant(euicc, state_dir=state, servers=down) as assistant:
        assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
        (deleted,) = (one for one in assistant.notifications() if one.event == "delete")
        *_, receipt = assistant.receipts.of(assistant.eid)
        assert receipt.notification.metadata == deleted
        assistant.euicc.notification_sent(deleted.sequence_number)  # as another program does it
    for path in state.glob("journal.db*"):
        path.unlink()
    shutil.copy(tmp_path / "backup" / "journal.db", state / "journal.db")
    command.put_in(monkeypatch, lambda _path: FieldCard(euicc, {}))
    options = ("--reader", "sim:card", "--state-dir", state, "--connect-to", "::127.0.0.1:1")
    return options, receipt.notification


@pytest.mark.parametrize(
    "words",
    [("notifications", "list"), ("notifications", "list", "--without-card"), ("resume",)],
)
def test_a_receipt_that_a_restored_journal_does_not_know_is_named_and_not_sent(
    words: tuple[str, ...], restored: tuple[tuple[object, ...], Notification], tmp_path: Path
) -> None:
    options, notification = restored
    (path,) = tmp_path.glob("state/receipts/*/*-delete-*.der")
    ran = command.run(*options, *words)
    assert "Receipts of which the journal on this computer has no record:" in ran.out
    assert f"  lpa notifications send {path}" in ran.out.splitlines()
    (one,) = command.run(*options, *words, "--json").document["result"]["unrecorded"]
    assert one["command"] == f"lpa notifications send {path}"
    assert one["path"] == str(path)
    assert one["notification"]["sequence_number"] == notification.metadata.sequence_number
    with closing(Journal(tmp_path / "state")) as journal:
        assert journal.find(notification) is None


@pytest.mark.parametrize(
    ("most", "sentence"),
    [
        (1, "1 more file has the name of such a receipt."),
        (0, "2 more files have the name of such a receipt."),
    ],
)
def test_those_beyond_the_first_are_counted(
    most: int, sentence: str, tmp_path: Path, folder: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrecorded, "MOST", most)
    for number in ("07", "08"):
        folder.keep(EID, signed(number))
    ran = command.run("--state-dir", tmp_path, "notifications", "list", "--without-card")
    assert ran.err.splitlines()[0] == sentence


def test_its_command_sends_it_and_then_it_is_known(
    restored: tuple[tuple[object, ...], Notification],
) -> None:
    options, _ = restored
    (one,) = command.run(*options, "resume", "--json").document["result"]["unrecorded"]
    _, *words = shlex.split(one["command"])
    assert command.run(*options, *words).code == 4  # the server is not there
    result = command.run(*options, "notifications", "list", "--json").document["result"]
    assert result["unrecorded"] == []
    assert one["notification"] in [pending["notification"] for pending in result["pending"]]
