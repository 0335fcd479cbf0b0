"""How often the files of a profile are built: once, not for each command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpa.sim import samples
from lpa.sim.contents import Contents, SimulatedContact
from lpa.sim.euicc import profile_files
from lpa.sim.euicc.file_tree import File
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.cards import holding
from tests.support.terminal import Terminal, send

MANY = Contents(tuple(SimulatedContact(f"Number {number}") for number in range(1000)), pin="1234")
RIGHT, WRONG = "002000010831323334FFFFFFFF", "002000010839393939FFFFFFFF"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ICCID of a profile, each time that its files are built."""
    build, counted = profile_files.files, list[str]()

    def counting(
        profile: SimulatedProfile | None, *, announces_terminal_capability: bool
    ) -> dict[bytes, File]:
        counted.append(profile.iccid if profile else "")
        return build(profile, announces_terminal_capability=announces_terminal_capability)

    monkeypatch.setattr(profile_files, "files", counting)
    return counted


def test_a_thousand_contacts_are_encoded_once(built: list[str]) -> None:
    card = holding(MANY)
    assert send(card, WRONG) == "63C2"
    assert send(card, RIGHT) == "9000"
    for folder in range(4):
        send(card, f"00A4080C067F105F3A4F{0x3A + folder:02X}")
        assert {send(card, f"00B2{number:02X}041C")[-4:] for number in range(1, 239)} == {"9000"}
    assert send(card, f"00DC01041C{'41' * 28}", "00B201041C") == "41" * 28 + "9000"
    assert send(card, "80F2000C", "00A4000C023F00") == "9000"
    assert len(built) == 1


def test_files_are_built_again_for_another_profile(built: list[str]) -> None:
    card = SimulatedEuicc.create(None, profiles=2)
    first, second = (profile.iccid for profile in samples.profiles(2))
    send(card, "00A4080C022FE2")
    terminal = Terminal(card)
    send(card, "00A4080C022FE2")
    assert built == [first]
    terminal.ask("BF3111A00C5A0A989489050000000020F5810100")
    assert send(card, "00A4080C022FE2", "00B000000A") == "989489050000000020F59000"
    assert built == [first, second]


def test_files_have_what_a_card_without_profile_has(built: list[str]) -> None:
    card = SimulatedEuicc.create(None, profiles=0)
    assert [send(card, "00A4080C022F08") for _ in range(3)] == ["9000"] * 3
    assert built == [""]


def test_an_update_that_no_longer_fits_its_file_is_not_used() -> None:
    loci = "3F007FFF6F7E"
    for update, read in (("12" * 11, "12" * 11), ("12" * 10, "FFFFFFFF32F4990000FF01")):
        profile = samples.profiles(1)[0]
        updates = ((loci, update), ("3F007F99", "00"))
        card = SimulatedEuicc.create(
            None, profiles=[replace(profile, contents=replace(profile.contents, updates=updates))]
        )
        send(card, "00A4040C07A0000000871002", "00A4000C026F7E")
        assert send(card, "00B000000B") == read + "9000"
