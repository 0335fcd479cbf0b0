"""What an exporter sees: every file, its control parameters and its content (TS 102 221, TS 31.102 §4.2)."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest

from lpa.sim import samples
from lpa.sim.contents import Contents
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.exporter import Exported, answer, content, exported, rule, select, verify
from tests.support.terminal import T1

_FIRST, *_OTHERS = samples.profiles(5)
# With every kind of phone book, with and without PIN and subscriber data.
VARIED = (
    replace(_FIRST, gid1="0A0B", gid2="FF", contents=replace(_FIRST.contents, pin="1234")),
    *_OTHERS,
    replace(_FIRST, contents=Contents()),
)
every_profile = pytest.mark.parametrize("number", range(len(VARIED)))


@functools.cache
def unlocked(number: int) -> tuple[SimulatedEuicc, dict[str, Exported]]:
    """A card with one of these profiles, PIN1 verified, and its files."""
    card = SimulatedEuicc.create(None, profiles=[replace(VARIED[number], state="enabled")], behaviour=T1)
    verify(card, VARIED[number].contents, *([0x01] if VARIED[number].contents.pin else []))
    return card, exported(card)


@every_profile
def test_an_export_reads_every_file_completely(number: int) -> None:
    card, files = unlocked(number)
    assert len(files) > 40
    for path, file in files.items():
        tags = [part.tag for part in file.fcp.children]
        name = 0x84 if path == "3F00/7FFF" else 0x83
        assert (file.fcp.tag, file.value(0x8A)) == (0x62, b"\x05")
        assert name == 0x84 or file.value(name).hex().upper() == path[-4:]
        assert set(rule(card, files, file)) >= {0x01, 0x02, 0x08, 0x10}, path
        if file.is_folder:
            assert tags == [0x82, name, 0xA5, 0x8A, 0x8B, 0xC6], path
            assert file.value(0x82) == b"\x78\x21"
        else:
            assert tags == [0x82, name, 0x8A, 0x8B, 0x80, 0x88], path
            assert len(content(card, file)) == int.from_bytes(file.value(0x80), "big"), path


@every_profile
def test_a_file_is_the_same_by_its_path(number: int) -> None:
    card, files = unlocked(number)
    for path, file in files.items():
        by_path = path.removeprefix("3F00/").replace("/", "")
        if path != "3F00":
            assert answer(card, f"00A40804{len(by_path) // 2:02X}{by_path}00") == (file.fcp, 0x9000), path


@every_profile
def test_a_short_identifier_leads_to_the_file_that_states_it(number: int) -> None:
    card, files = unlocked(number)
    stated = [
        (path[:-5], file.value(0x88)[0] >> 3, file)
        for path, file in files.items()
        if not file.is_folder and file.value(0x88)
    ]
    assert len({(folder, sfi) for folder, sfi, _ in stated}) == len(stated) > 20
    for folder, sfi, file in stated:
        whole = content(card, file)
        select(card, folder)
        if size := file.record_size:
            assert answer(card, f"00B201{sfi << 3 | 4:02X}{size:02X}") == (whole[:size], 0x9000), file.path
        else:
            assert answer(card, f"00B0{0x80 | sfi:02X}00{len(whole):02X}") == (whole, 0x9000), file.path


# Of each service, the files in ADF.USIM that need it; and those that are always there (TS 31.102 §4.2).
OF_SERVICE = {
    1: "5F3A", 2: "6F3B", 3: "6F4B", 4: "6F49", 5: "6F4C", 6: "6F4D", 7: "6F55", 8: "6F81 6F83",
    9: "6F80 6F82", 10: "6F3C 6F43", 11: "6F47", 12: "6F42", 13: "6F39 6F37 6F41", 14: "6F4F", 15: "6F45",
    16: "6F50", 17: "6F3E", 18: "6F3F", 19: "6F46", 20: "6F60", 21: "6F40", 24: "6FB5", 34: "6F56",
    35: "6F57", 36: "6F2C", 37: "6F32", 42: "6F61", 43: "6F62", 44: "6F4E", 45: "6FC5", 46: "6FC6",
    47: "6FC7", 48: "6FC8", 49: "6FCA", 50: "6FCB", 51: "6FCD", 85: "6FE3 6FE4", 86: "6FE5",
}  # fmt: skip
ALWAYS_THERE = "6F05 6F06 6F07 6F08 6F09 6F31 6F38 6F5B 6F5C 6F73 6F78 6F7B 6F7E 6FAD 6FB7 6FC4"


@every_profile
def test_the_table_of_services_agrees_with_the_files(number: int) -> None:
    card, files = unlocked(number)
    usim = {path[-4:] for path in files if path.startswith("3F00/7FFF/") and path.count("/") == 2}
    table = int.from_bytes(content(card, files["3F00/7FFF/6F38"]), "little")
    available = {service for service in range(1, 200) if table >> service - 1 & 1}
    assert 33 in available
    needed = " ".join(OF_SERVICE[service] for service in available - {33})
    assert sorted(usim) == sorted({*ALWAYS_THERE.split(), *needed.split()})


def test_the_local_phone_book_is_a_service_and_the_global_one_is_not() -> None:
    exports = [unlocked(number) for number in range(3)]
    tables = [content(card, files["3F00/7FFF/6F38"]) for card, files in exports]
    assert [table[0] & 1 for table in tables] == [0, 1, 0]
