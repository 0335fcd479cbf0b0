"""The file commands of a UICC, byte for byte (TS 102 221 §11.1)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from lpa.sim import samples
from lpa.sim.contents import Contents, SimulatedContact
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.cards import holding
from tests.support.terminal import SELECT_ISDR, Terminal, made, send, spaced

USIM = "A0000000871002FFFFFFFF8900000100"
SELECT_USIM = f"00A4040C10{USIM}"
LAST_DIALLED = "00A4080C047F106F44"
LOCI = (SELECT_USIM, "00A4000C026F7E")
NAMES = Contents(tuple(SimulatedContact(name) for name in ("Ada", "Bob", "Adam")), phone_book="plain")
ADN = "00A4080C047F106F3A"
ADM = "0020000A083838383838383838"


def entry(name: str) -> str:
    return name.encode().hex().upper() + "FF" * (28 - len(name))


# STATUS


def test_status_returns_the_parameters_of_the_current_folder() -> None:
    card = made()
    folder = spaced(
        "6223 8202 7821 8302 7F10 A503 800171 8A0105 8B03 2F06 07 C60C 900160 830101 830181 83010A"
    )
    assert send(card, "00A4080C047F106F3C", "80F2000025") == folder + "9000"
    assert send(card, "80F2010025") == send(card, "80F2020025") == folder + "9000"
    assert send(card, "80F2000000") == "6C25"


def test_status_returns_the_name_of_the_application_of_the_channel() -> None:
    card = made()
    assert send(card, "80F2000112") == "6985"
    assert send(card, SELECT_USIM, "80F2000112") == f"8410{USIM}9000"
    assert send(card, "00A4000C023F00", "80F2000112") == f"8410{USIM}9000"
    assert send(card, "0070000101", "81F2000112") == "6985"


def test_status_may_return_nothing() -> None:
    assert send(made(), "80F2000C") == "9000"
    assert send(made(profiles=0), "80F2000C") == "9000"


@pytest.mark.parametrize("apdu", ["80F2030000", "80F2000200", "80F2000400"])
def test_status_with_other_parameters_is_refused(apdu: str) -> None:
    assert send(made(), apdu) == "6A86"


def test_the_isdr_does_not_know_status() -> None:
    assert send(made(), f"00{SELECT_ISDR}", "80F2000C") == "6D00"


# Short file identifiers


def test_a_file_is_read_by_its_short_identifier_and_then_selected() -> None:
    card = made()
    assert send(card, SELECT_USIM, "00B0870009") == "0829439900000000109000"
    assert send(card, "00B0000701") == "009000"
    assert send(card, "00B0870801") == "109000"
    assert send(card, "00B2010C04") == "11F2FF009000"


def test_a_short_identifier_is_one_of_the_current_folder() -> None:
    card = made()
    assert send(card, "00B0870009") == "6A82"
    assert send(card, "00B082000A") == "984499040000000010F79000"
    assert send(card, SELECT_USIM, "00B082000A") == "6C02"
    assert send(card, "00B0800001") == "6A82"
    assert send(card, "00B0A70009") == "6A86"
    assert send(card, "00B29F0C04") == "6A83"


def test_a_short_identifier_of_a_file_with_another_structure_selects_nothing() -> None:
    card = made()
    assert send(card, *LOCI, "00B0810001") == "6981"
    assert send(card, "00B000000B")[-4:] == "9000"


# Records


def test_the_next_and_the_previous_record() -> None:
    card = holding(NAMES)
    send(card, ADN)
    assert send(card, "00B200041C") == "6A83"
    assert [send(card, "00B200021C")[:6] for _ in range(2)] == [entry("Ada")[:6], entry("Bob")[:6]]
    assert send(card, "00B200041C") == entry("Bob") + "9000"
    assert send(card, "00B203041C") == entry("Adam") + "9000"
    assert send(card, "00B200031C") == entry("Ada") + "9000"
    assert send(card, "00B200031C") == "6A83"
    send(card, ADN)
    assert send(card, "00B200031C") == entry("") + "9000"
    assert send(card, "00B200021C") == "6A83"


def test_a_wrong_length_does_not_move_the_current_record() -> None:
    card = holding(NAMES)
    send(card, ADN)
    assert [send(card, "00B2000200"), send(card, "00B200021C")] == ["6C1C", entry("Ada") + "9000"]


def test_records_are_found_by_what_they_contain() -> None:
    card = holding(NAMES)
    send(card, ADN)
    assert send(card, "00A20104034164611C", "00C0000002") == "01039000"
    assert send(card, "00B200041C") == entry("Ada") + "9000"
    assert send(card, "00A200050341646100") == "6101"
    assert send(card, "00A206050341646100", "00C0000002") == "03019000"
    assert send(card, "00A20204034164611C", "00C0000001") == "039000"
    assert send(card, "00A2010403585858") == "6282"
    assert send(card, "00A2070403416461") == "6A83"
    assert send(card, "00A2010600") == "6A81"
    assert send(card, "00A2010304FFFFFFFF") == "6A86"
    assert send(card, "00A20104") == "6700"


def test_only_a_file_with_records_is_searched() -> None:
    assert send(made(), *LOCI, "00A20104034164611C") == "6981"


# Updates


def test_a_transparent_file_is_updated_within_its_size() -> None:
    card = made()
    assert send(card, *LOCI, "00D600000412345678") == "9000"
    assert send(card, "00B000000B") == "1234567832F4990000FF019000"
    assert send(card, "00D6000A0100") == "9000"
    assert send(card, "00D6000A020000") == "6700"
    assert send(card, "00D6000B0100") == "6B00"
    assert send(card, "00D60000") == "6700"
    assert send(card, "00D68B090200FE", "00B000000B") == "1234567832F499000000FE9000"
    assert send(card, "00DC01040100") == "6981"


def test_records_are_updated_by_number_or_in_order() -> None:
    card = holding(NAMES)
    send(card, ADN)
    assert send(card, f"00DC02041C{entry('Cy')}") == "9000"
    assert send(card, f"00DC00021C{entry('Di')}") == "9000"
    assert send(card, f"00DC00021C{entry('Ed')}") == "9000"
    assert [send(card, f"00B20{number}041C")[:6] for number in (1, 2, 3)] == [
        entry(name)[:6] for name in ("Di", "Ed", "Adam")
    ]
    assert send(card, f"00DC00041C{entry('Flo')}", "00B202041C") == entry("Flo") + "9000"
    assert send(card, f"00DC00031C{entry('Gus')}", "00B201041C") == entry("Gus") + "9000"
    assert send(card, f"00DC00031C{entry('Gus')}") == "6A83"
    assert send(card, f"00DC07041C{entry('Gus')}") == "6A83"
    assert send(card, f"00DC01021C{entry('Gus')}") == "6A86"
    assert send(card, "00DC01040100") == "6700"
    assert send(card, "00D600000100") == "6981"


def test_an_update_of_a_cyclic_file_replaces_the_oldest_record() -> None:
    card = made()
    send(card, LAST_DIALLED)
    for number in range(1, 12):
        assert send(card, f"00DC00031C{entry(str(number))}") == "9000"
    assert send(card, "00B200041C") == entry("11") + "9000"
    assert send(card, "00B20A041C") == entry("2") + "9000"
    assert send(card, "00B200031C") == entry("2") + "9000"
    assert send(card, "00B200021C") == entry("11") + "9000"
    assert send(card, LAST_DIALLED, "00B200041C") == entry("11") + "9000"
    for mode in ("0104", "0004", "0002", "0103"):
        assert send(card, f"00DC{mode}1C{entry('x')}") == "6981"


def test_what_only_the_operator_may_update() -> None:
    card = made()
    imsi = (SELECT_USIM, "00A4000C026F07", "00D6000009082943990000000099")
    assert send(card, *imsi) == "6982"
    assert send(card, ADM, *imsi) == "9000"
    assert send(card, "00B0000009") == "0829439900000000999000"
    assert send(card, "00A4080C022FE2", "00D600000100") == "6982"


def test_without_a_file_there_is_nothing_to_update() -> None:
    assert send(made(), "00D600000100") == "6986"
    assert send(made(), LAST_DIALLED[:10] + "027F10", "00DC01040100") == "6986"
    assert send(made(profiles=0), "00A4080C022F08", "00D600000100") == "6982"


def test_no_rule_allows_to_deactivate_a_file() -> None:
    assert send(made(), *LOCI, "00040000") == send(made(), "00440000") == "6982"


def test_a_file_in_two_folders_is_one_file() -> None:
    card = made()
    assert send(card, ADN, f"00DC01041F{'41' * 17}{'FF' * 14}") == "9000"
    assert send(card, "00A4080C067F105F3A4F3A", "00B201041F") == f"{'41' * 17}{'FF' * 14}9000"
    message = "01" + "AB" * 175
    assert send(card, SELECT_USIM, "00A4000C026F3C", f"00DC0104B0{message}") == "9000"
    assert send(card, "00A4080C047F106F3C", "00B20104B0") == message + "9000"


# In a folder


def test_updates_are_those_of_a_profile_and_are_stored_with_the_card(tmp_path: Path) -> None:
    profiles = samples.profiles(2)
    with closing(SimulatedEuicc.create(tmp_path / "card", profiles=profiles)) as card:
        assert send(card, *LOCI, "00D600000412345678") == "9000"
        assert send(card, LAST_DIALLED, f"00DC00031C{entry('1')}") == "9000"
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert send(card, *LOCI, "00B0000004") == "123456789000"
        assert send(card, LAST_DIALLED, "00B201041C") == entry("1") + "9000"
        terminal = Terminal(card)
        terminal.ask("BF3111A00C5A0A989489050000000020F5810100")
        assert send(card, *LOCI, "00B0000004") == "FFFFFFFF9000"
        terminal.ask("BF3111A00C5A0A984499040000000010F7810100")
        assert send(card, *LOCI, "00B0000004") == "123456789000"


def test_an_update_that_cannot_be_stored_changes_nothing(tmp_path: Path) -> None:
    with closing(SimulatedEuicc.create(tmp_path / "card")) as card:
        send(card, *LOCI)
        (tmp_path / "card" / "card.json.new").mkdir()
        assert send(card, "00D600000412345678") == "6581"
        assert send(card, "00B0000004") == "FFFFFFFF9000"
        send(card, ADN)
        assert send(card, f"00DC00021F{'41' * 17}{'FF' * 14}") == "6581"
        assert send(card, "00B200021F")[:6] == "416461"
