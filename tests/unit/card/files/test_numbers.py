"""The profile's own numbers, also long ones, from the USIM or from DF.TELECOM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lpa.card.apdu import Transport
from lpa.card.files.filesystem import UiccFiles
from lpa.card.files.numbers import read_own_numbers
from lpa.card.files.problems import Problems
from lpa.profiles import subscriber
from lpa.profiles.backup import back_up
from lpa.rsp.names import Iccid
from lpa.sim.contents import Contents, SimulatedContact
from tests.support.cards import ICCID, Spoiled, holding, with_enabled
from tests.support.scripted import ScriptedCard
from tests.support.usim_answers import DIR, SELECT_USIM, USIM

LONG = "+123456789012345678901234567890"
ROOM = SimulatedContact("Room", ("1234567890123456789012345678901234567890*#",))


def read(card: Transport) -> tuple[str, ...]:
    problems = Problems()
    numbers = read_own_numbers(UiccFiles(card), problems)
    assert problems == []
    return numbers


def test_own_numbers_are_those_of_df_telecom_if_the_usim_has_none() -> None:
    free, entry = "FF" * 14, "07 91 447700091032 FFFFFFFF FF FF"
    fcp = "6207 8205 4221 000E 01 9000"
    card = ScriptedCard(
        *DIR,
        (SELECT_USIM, "6123"),
        ("00A40004026F4000", "6109"),
        ("00C0000009", fcp),
        ("00B201040E", free + "9000"),
        ("00A40804047F106F4000", "6109"),
        ("00C0000009", fcp),
        ("00B201040E", entry + "9000"),
    )
    assert read(card) == ("+447700900123",)
    assert card.finished()


@pytest.mark.parametrize("local", [False, True])
def test_an_own_number_continues_in_the_extensions_of_its_folder(local: bool) -> None:
    """EF.EXT5 in the USIM; in DF.TELECOM EF.EXT1, which the contacts use, too."""
    card = holding(Contents((ROOM,), msisdn=LONG, local=local))
    assert read(card) == (LONG,)
    hidden = Spoiled(card, file="00A40004026F40", answers={"00A4": "6A82"})
    assert read(hidden) == (LONG,)
    assert read(Spoiled(card, file="6F40", answers={"00B2": "FF" * 28 + "9000"})) == ()


def test_a_short_own_number_needs_no_extensions() -> None:
    files = UiccFiles(with_enabled(0))
    assert read_own_numbers(files, Problems()) == ("+447009000001",)
    assert not any("6F4E" in path for path in files.raw)


def test_an_own_number_without_its_end_is_shown_and_reported(tmp_path: Path) -> None:
    contents = Contents(msisdn=LONG, imsi="234990000000001")
    card = Spoiled(holding(contents), file="6F4E", answers={"00A4": "6A82"})
    problem = f"{USIM}/6F4E, record 1, lacks the end of a number that begins with +12345678901234567890."
    backup = back_up(UiccFiles(card), Iccid.parse(ICCID), tmp_path / "backup")
    assert backup.problems == (problem,)
    identity = json.loads((tmp_path / "backup" / "identity.json").read_text())
    assert identity["numbers"] == ["+12345678901234567890"]
    shown = subscriber.read(UiccFiles(card), Iccid.parse(ICCID))
    assert (shown.numbers, shown.reason) == (("+12345678901234567890",), "unreadable")


def test_unreadable_own_numbers_are_not_reported_as_none() -> None:
    card = Spoiled(with_enabled(0), file="6F40", answers={"00B2": "6982"})
    shown = subscriber.read(UiccFiles(card), Iccid.parse(ICCID))
    assert (shown.imsi, shown.numbers, shown.reason) == ("234990000000001", None, "unreadable")
