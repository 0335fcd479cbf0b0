"""`lpa notifications` and `lpa receipts`: what servers have yet to hear, and what was kept of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa.sim.card import SimulatedEuicc
from lpa.sim.pki import Authority
from lpa.sim.smdp import SimulatedSmdp
from tests.unit import command

ALBION = "8944994000000000017"
NOBODY = ("--connect-to", "::127.0.0.1:1")  # nobody listens on port 1 of this computer


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """The way to a card with one notification that no server has heard yet."""
    folder = command.card(tmp_path / "card")
    place = ("--reader", f"sim:{folder}", "--state-dir", str(tmp_path / "state"))
    options = (*place, "--ca-bundle", str(folder / "ci.pem"))
    assert command.run(*options, *NOBODY, "disable", "0017").code == 4
    return options


def _waiting(tmp_path: Path) -> int:
    card = SimulatedEuicc.load(tmp_path / "card")
    card.close()
    return len(card.notifications)


def test_what_waits_is_listed(options: tuple[str, ...]) -> None:
    assert command.run(*options, "notifications", "list").out == (
        f"Number  Event    ICCID                Server\n1       disable  {ALBION}  albion.smdp.example\n"
    )
    document = command.run(*options, "notifications", "list", "--json").document
    assert document["command"] == "notifications list"
    assert document["result"]["notifications"] == [
        {"sequence_number": 1, "event": "disable", "address": "albion.smdp.example", "iccid": ALBION}
    ]


def test_what_is_sent_and_acknowledged_waits_no_more(options: tuple[str, ...], tmp_path: Path) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="albion.smdp.example") as smdp:
        ran = command.run(*options, "--connect-to", smdp.connect_to, "notifications", "send")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == [
        f"Notification 1: disable of {ALBION}",
        "  albion.smdp.example acknowledged; the card has forgotten notification 1.",
    ]
    assert lines[-1] == "Every server that had to be told has acknowledged it."
    assert _waiting(tmp_path) == 0
    assert command.run(*options, "notifications", "send") == command.Ran(
        0, "", "Nothing waits for a server.\n"
    )
    assert command.run(*options, "notifications", "list") == command.Ran(
        0, "", "Nothing waits on the card.\n"
    )


def test_what_cannot_be_sent_still_waits_and_is_exit_code_4(options: tuple[str, ...], tmp_path: Path) -> None:
    ran = command.run(*options, *NOBODY, "notifications", "send", "--json")
    assert ran.code == 4
    assert ran.document["error"]["kind"] == "ConnectFailed"
    assert ran.document["result"]["deliveries"][0]["acknowledged"] is False
    assert _waiting(tmp_path) == 1


def test_what_no_server_acknowledged_is_not_removed_without_a_word(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    ran = command.run(*options, "notifications", "remove", "1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"lpa: The server albion.smdp.example has not acknowledged notification 1 (disable of {ALBION}), "
        "and would never hear of it.\n"
        "'lpa notifications send' delivers it. To remove it all the same, add --unsent.\n"
    )
    assert _waiting(tmp_path) == 1


def test_what_is_removed_unsent_is_kept_here(options: tuple[str, ...], tmp_path: Path) -> None:
    ran = command.run(*options, "notifications", "remove", "1", "--unsent")
    assert ran.code == 0
    gone, unheard, receipt = ran.out.splitlines()
    assert gone == "Notification 1 is no longer on the card."
    assert unheard == f"albion.smdp.example will not hear of it from the card: disable of {ALBION}."
    assert Path(receipt.removeprefix("Receipt: ")).read_bytes()[:1] == b"\x30"
    assert _waiting(tmp_path) == 0


@pytest.mark.parametrize("consent", [(), ("--unsent",)])
def test_a_notification_that_is_not_there_cannot_be_removed(
    options: tuple[str, ...], consent: tuple[str, ...]
) -> None:
    ran = command.run(*options, "notifications", "remove", "7", *consent)
    assert ran.code == 1
    assert ran.err == "lpa: The card has no notification 7.\n'lpa notifications list' shows what it has.\n"


def test_receipts_are_listed_and_shown(options: tuple[str, ...], tmp_path: Path) -> None:
    (path,) = (tmp_path / "state").rglob("*.der")
    heading, line = command.run(*options, "receipts", "list").out.splitlines()
    assert heading.split() == ["Number", "Event", "ICCID", "Server", "File"]
    assert line.split() == ["1", "disable", ALBION, "albion.smdp.example", path.name]
    assert command.run(*options, "receipts", "show", "1").out.splitlines()[1:] == [
        "Number  1",
        "Event   disable",
        f"ICCID   {ALBION}",
        "Server  albion.smdp.example",
        f"Size    {path.stat().st_size} bytes, as the card signed them (DER)",
        f"File    {path}",
    ]
    (receipt,) = command.run(*options, "receipts", "show", "1", "--json").document["result"]["receipts"]
    assert (receipt["path"], receipt["raw"]) == (str(path), path.read_bytes().hex())


def test_receipts_of_a_card_that_is_gone_are_found_by_its_number(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    (path,) = (tmp_path / "state").rglob("*.der")
    away = ("--reader", f"sim:{tmp_path / 'nothing'}", "--state-dir", tmp_path / "state")
    assert command.run(*away, "receipts", "list").code == 3
    assert path.name in command.run(*away, "receipts", "list", "--eid", path.parent.name).out


def test_a_receipt_that_is_not_kept_cannot_be_shown(options: tuple[str, ...]) -> None:
    ran = command.run(*options, "receipts", "show", "9")
    assert ran.code == 1
    assert ran.err.endswith("'lpa receipts list' shows which are.\n")
    other = "89049032000000000000000000000097"
    ran = command.run(*options, "receipts", "list", "--eid", other)
    assert ran == command.Ran(0, "", f"Nothing is kept of the card {other}.\n")
