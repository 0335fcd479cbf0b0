"""The last lines of a command: each pending notification is printed once, and their number is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.journal import DELETING, PLANNED
from lpa.rsp.records import CHANGE_TAGS
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.download_parties import DownloadParties, made
from tests.support.orders import ICCID

AWAY = ("--connect-to", "::127.0.0.1:1")  # nothing listens on port 1 of this computer
SEND = "'lpa notifications send' sends"
DELETE = ("delete", "0033", "--yes")
BACKUP = ("delete", "0025", "--yes", "--accept", "notifications-pending", "--enable-first", "--backup")


@pytest.fixture
def place(tmp_path: Path) -> tuple[object, ...]:
    """The options for a card with an unreachable server."""
    card = command.card(tmp_path / "card")
    return ("--reader", f"sim:{card}", "--state-dir", tmp_path / "state", *AWAY)


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made(tmp_path)


def pending(place: tuple[object, ...]) -> list[int]:
    """The numbers of the notifications that are pending."""
    document = command.run(*place, "notifications", "list", "--without-card", "--json").document
    return [one["notification"]["sequence_number"] for one in document["result"]["pending"]]


def receipts(ran: command.Ran) -> list[int]:
    """The numbers of the notifications whose receipts are printed."""
    return sorted(int(number) for number in re.findall(r"Receipt: \S+/(\d{6})-", ran.out + ran.err))


def check_last_lines(ran: command.Ran, number: int, earlier: str = "", *, send: int = 1) -> None:
    """They say once how many are pending, and how they are sent."""
    text = ran.out + ran.err
    count = "1 notification is pending" if number == 1 else f"{number} notifications are pending"
    assert re.findall(rf"^.*pending{earlier}; next try in .*$", text, re.MULTILINE) == [
        line for line in text.splitlines() if line.startswith(f"{count}{earlier}; next try in ")
    ]
    assert text.count(f"{count}{earlier}; next try in ") == 1
    assert text.count(SEND) == send
    assert text.count("retried by the next command that goes online") == 1


def test_a_single_notification_is_pending(place: tuple[object, ...]) -> None:
    ran = command.run(*place, "disable", "0017")
    assert (ran.code, receipts(ran)) == (4, [1])
    check_last_lines(ran, 1)
    assert ran.out.endswith(
        f"\n{SEND} it now.\nIt is also retried by the next command that goes online once it is due.\n"
    )


def test_earlier_notifications_are_counted_and_each_is_printed_once(place: tuple[object, ...]) -> None:
    ran = command.run(*place, "enable", "0025")
    assert (ran.code, receipts(ran)) == (4, [1, 2])
    check_last_lines(ran, 2)
    ran = command.run(*place, "disable", "0025")
    assert (ran.code, receipts(ran)) == (4, [2, 3])
    check_last_lines(ran, 3, ", earlier ones included")
    ran = command.run(*place, "resume")
    assert (ran.code, receipts(ran)) == (4, [1, 2, 3])
    check_last_lines(ran, 3)
    ran = command.run(*place, *DELETE)
    assert (ran.code, receipts(ran)) == (4, [4])
    check_last_lines(ran, 4, ", earlier ones included", send=2)  # The plan has a note of the earlier ones.
    ran = command.run(*place, "notifications", "send")
    assert (ran.code, receipts(ran)) == (4, [1, 2, 3, 4])
    check_last_lines(ran, 4)
    ran = command.run(*place, "notifications", "send", "--without-card")
    assert ran.code == 4
    check_last_lines(ran, 4)
    ran = command.run(*place, "enable", "0017")
    check_last_lines(ran, 5, ", earlier ones included")
    ran = command.run(*place, "enable", "0017")
    assert (ran.code, receipts(ran)) == (0, [])
    assert "5 earlier notifications are pending; next try in " in ran.err
    assert ran.out == "Albion Mobile (8944994000000000017) is already enabled.\n"


def test_notifications_of_a_backup_are_printed_once(place: tuple[object, ...], tmp_path: Path) -> None:
    assert command.run(*place, "enable", "0025").code == 4
    assert command.run(*place, "enable", "0017").code == 4
    ran = command.run(*place, *BACKUP, tmp_path / "saved")
    assert (ran.code, receipts(ran)) == (4, [*range(1, 10)])
    check_last_lines(ran, 9, send=3)
    assert pending(place) == [*range(1, 10)]


def test_a_failed_backup_ends_with_what_is_pending(place: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert command.run(*place, "enable", "0025").code == 4
    assert command.run(*place, "enable", "0017").code == 4
    ran = command.run(*place, *BACKUP, tmp_path / "file" / "saved")
    assert ran.code == 3
    assert "4 earlier notifications are pending; next try in " in ran.err


@pytest.mark.parametrize("words", [("resume",), ("notifications", "send"), ("disable", "0017"), DELETE])
def test_what_a_recovery_prints_is_not_printed_again(
    place: tuple[object, ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    with (
        SimulatedEuicc.load(tmp_path / "card") as card,
        Assistant(card, state_dir=tmp_path / "state") as assistant,
    ):
        before = assistant.euicc.profiles(CHANGE_TAGS)
        operation = assistant.journal.begin(assistant.eid, "delete", before, target=before[1].iccid)
        assert operation.state == PLANNED
        operation.set_state(DELETING)
        assistant.euicc.delete_profile(before[1].iccid)
    ran = command.run(*place, *words)
    assert receipts(ran) == pending(place)
    check_last_lines(ran, len(pending(place)), send=2 if words is DELETE else 1)


def test_enabling_after_a_download_is_no_earlier_command(parties: DownloadParties) -> None:
    way = ("--connect-to", "albion.smdp.example::127.0.0.1:1")
    ran = command.run(
        *way, *parties.options, "download", parties.order().activation_code, "--yes", "--enable"
    )
    assert ran.code == 4
    assert f"({ICCID}) is enabled.\n" in ran.out
    check_last_lines(ran, 1)
