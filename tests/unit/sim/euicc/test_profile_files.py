"""The file system of a simulated profile, byte for byte (TS 102 221 §13, TS 31.102 §4, TS 51.011 §10.5)."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lpa.sim import samples
from lpa.sim.contents import Contents, SimulatedContact
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.cards import holding
from tests.support.terminal import Terminal, made, send, spaced

USIM = "A0000000871002FFFFFFFF8900000100"
SELECT_USIM = f"00A4040410{USIM}"
FREE_ADN = "FF" * 28
PHONE_BOOK = "00A40804047F105F3A"
ADA = SimulatedContact("Ada", ("+447700900123", "112"), "a@b.c", "A")


def fcp(card: SimulatedEuicc, *selects: str) -> str:
    for command in selects[:-1]:
        send(card, command)
    answer = send(card, selects[-1])
    assert answer[:2] == "61"
    return send(card, f"00C00000{answer[2:]}")


def record(card: SimulatedEuicc, path: str, number: int = 1) -> str:
    """A record of the file at this path from the MF, without the status word."""
    parameters = fcp(card, f"00A40804{len(path) // 2:02X}{path}")
    size = int(parameters[parameters.index("4221") + 4 :][:4], 16)
    answer = send(card, f"00B2{number:02X}04{size:02X}")
    assert answer[-4:] == "9000"
    return answer[:-4]


# Selecting files


def test_the_directory_names_the_usim() -> None:
    card = made()
    assert fcp(card, "00A40804022F00") == spaced(
        "621A 8205 4221 0026 01 8302 2F00 8A0105 8B03 2F06 02 8002 0026 8801F0 9000"
    )
    assert send(card, "00B2010426") == spaced(f"6118 4F10 {USIM} 5004 5553494D", "FF" * 12, "9000")


def test_the_usim_is_selected_by_its_aid_or_the_beginning_of_it() -> None:
    pins = "C60C 900160 830101 830181 83010A"
    parameters = spaced(f"6231 8202 7821 8410 {USIM} A503 800171 8A0105 8B03 2F06 07 {pins} 9000")
    assert fcp(made(), SELECT_USIM) == parameters
    assert fcp(made(), "00A4040407A0000000871002") == parameters
    assert send(made(), "00A4040407A0000000871004") == "6A82"


def test_files_in_the_usim_are_selected_by_identifier() -> None:
    card = made()
    send(card, SELECT_USIM)
    assert send(card, "00A40004026F07", "00B0000009") == "0829439900000000109000"
    assert send(card, "00A40004026FAD", "00B0000004") == "000000029000"
    assert send(card, "00A40004026F46", "00B0000011") == spaced("01 416C62696F6E204D6F62696C65 FFFFFF 9000")
    assert send(card, "00A40804047FFF6F07", "00B0000009") == "0829439900000000109000"


def test_the_files_of_an_application_are_hidden_until_it_is_selected() -> None:
    assert send(made(), "00A40804047FFF6F07") == "6A82"
    assert send(made(), "00A40004027FFF") == "6A82"


def test_a_folder_its_parent_and_its_siblings_can_be_selected_from_it() -> None:
    card = made()
    assert send(card, "00A40004027F10")[:2] == "61"
    assert send(card, "00A40004027F10")[:2] == "61"
    assert send(card, "00A40004025F3A", "00A40004024F3A")[:2] == "61"
    assert send(card, "00A40004025F3A")[:2] == "61"
    assert send(card, "00A40004027F10")[:2] == "61"
    assert send(card, "00A40004022FE2") == "6A82"
    assert send(card, "00A40004023F00", "00A40004022FE2")[:2] == "61"


def test_without_an_enabled_profile_there_are_hardly_any_files() -> None:
    card = made(profiles=0)
    assert [send(card, f"00A4080402{file}") for file in ("2FE2", "2F00", "7F10")] == ["6A82"] * 3
    assert send(card, SELECT_USIM) == "6A82"
    assert send(card, "00A40804022F08", "00B0000005") == "3C000000FF9000"
    assert send(card, "0020000100") == "6A88"


def test_a_switch_shows_the_files_of_the_other_profile() -> None:
    terminal = Terminal(made())
    terminal.send(SELECT_USIM)
    terminal.ask("BF3111A00C5A0A989489050000000020F5810100")
    assert terminal.send("00A40004026F07") == "6A82"
    assert terminal.send(SELECT_USIM)[:2] == "61"
    assert send(terminal.card, "00A40004026F07", "00B0000009") == "0829268900000000209000"


# Reading


def test_records_are_read_by_their_numbers_up_to_the_last() -> None:
    card = made()
    send(card, "00A40804022F00")
    assert send(card, "00B2010400") == "6C26"
    assert send(card, "00B2020426") == "6A83"
    assert send(card, "00B2000426") == "6A83"
    assert send(card, "00B2010226") == "6A86"
    assert send(card, "00B2010126") == "6A86"


def test_a_file_is_read_by_the_command_for_its_structure() -> None:
    card = made()
    assert send(card, "00A40804022F00", "00B0000026") == "6981"
    assert send(card, "00A40804022FE2", "00B201040A") == "6981"
    assert send(card, "00A40804027F10", "00B201040A") == "6986"
    assert send(made(), "00B201040A") == "6986"


# The phone book


def test_a_phone_book_in_parallel() -> None:
    card = holding(Contents((ADA, SimulatedContact("Bob", ("5",)))))
    assert record(card, "7F105F3A4F30") == spaced(
        "A810 C0024F3A C4024F11 CA024F50 C3024F19 AA04 C2024F4A FFFF"
    )
    entry = "416461" + "FF" * 11 + "0791447700091032FFFFFFFFFFFF"
    assert record(card, "7F105F3A4F3A") == entry
    assert record(card, "7F105F3A4F3A", 3) == FREE_ADN
    assert record(card, "7F105F3A4F11") == "00038111F2FFFFFFFFFFFFFFFFFFFF"
    assert record(card, "7F105F3A4F11", 2) == "FF" * 15
    assert record(card, "7F105F3A4F50") == "6100622E63"
    assert record(card, "7F105F3A4F19") == "41"
    assert record(card, "7F105F3A4F4A") == "FF" * 13


def test_the_global_phone_book_is_in_df_telecom_too() -> None:
    card = holding(Contents((ADA,)))
    assert record(card, "7F106F3A") == record(card, "7F105F3A4F3A")
    assert send(holding(Contents((ADA,), local=True)), "00A40804047F106F3A") == "6A82"


def test_a_phone_book_that_is_linked() -> None:
    people = (ADA, SimulatedContact("Bob", ("5", "6")), SimulatedContact("Cy", email="c"))
    card = holding(Contents(people, phone_book="linked"))
    assert record(card, "7F105F3A4F30") == spaced(
        "A808 C0024F3A C1024F25 A90C C4024F11 CA024F50 C3024F19 AA04 C2024F4A FFFF"
    )
    assert [record(card, "7F105F3A4F25", number) for number in (1, 2, 3)] == ["020201", "01FFFF", "FF01FF"]
    assert record(card, "7F105F3A4F11") == "000281F6" + "FF" * 11 + "0102"
    assert record(card, "7F105F3A4F50") == "63FFFFFFFF0103"
    assert record(card, "7F105F3A4F50", 2) == "6100622E630101"


def test_a_long_number_continues_in_extensions() -> None:
    number = "12345678901234567890" + "12345678901234567890" + "*#"
    card = holding(Contents((SimulatedContact("", (number,)),), phone_book="plain"))
    assert record(card, "7F106F3A") == "FF" * 14 + "0B8121436587092143658709FF02"
    assert record(card, "7F106F4A", 2) == "020A2143658709214365870901"
    assert record(card, "7F106F4A", 1) == "0201BA" + "FF" * 10
    assert send(card, f"{PHONE_BOOK}") == "6A82"


@pytest.mark.parametrize(
    ("name", "coded"),
    [
        ("Ä@€", "5B001B65"),
        ("你好", "804F60597D"),
        ("Ωμ-Ж", "820403BC15802DDAFF"),
        ("Ελλάδα", "81060795BBBBACB4B1"),
        ("Ա-Փ1", "81040AB12DD331FF"),
        ("😀", "80D83DDE00"),
    ],
)
def test_a_name_is_stored_in_the_shortest_coding(name: str, coded: str) -> None:
    card = holding(Contents((SimulatedContact(name),), phone_book="plain"))
    assert record(card, "7F106F3A")[: len(coded)] == coded


def test_the_local_phone_book_is_in_the_usim() -> None:
    card = holding(Contents((ADA,), local=True))
    assert send(card, PHONE_BOOK) == "6A82"
    assert send(card, SELECT_USIM, "00A40004025F3A", "00A40004024F3A")[:2] == "61"


def test_messages_are_in_the_usim_and_in_df_telecom() -> None:
    card = holding(Contents(messages=("0100DEAD",)))
    expected = "0100DEAD" + "FF" * 172
    assert record(card, "7F106F3C") == expected
    assert record(card, "7F106F3C", 10) == "00" + "FF" * 175
    send(card, SELECT_USIM)
    assert record(card, "7FFF6F3C") == expected


# The PIN


LOCKED = Contents((ADA,), imsi="234990000000001", pin="1234")
RIGHT, WRONG = "002000010831323334FFFFFFFF", "002000010839393939FFFFFFFF"


def test_the_pin_protects_personal_files() -> None:
    card = holding(LOCKED)
    assert fcp(card, SELECT_USIM).endswith("C60C9001E083010183018183010A9000")
    for file in ("6F07", "6F40", "6F3C", "6F38"):
        command = "00B0000009" if file in ("6F07", "6F38") else "00B2010400"
        assert send(card, f"00A4000402{file}", command) == "6982"
    assert send(card, "00A40804067F105F3A4F3A", "00B201041C") == "6982"
    for file in ("00A40804022FE2", "00A40804022F05"):
        assert send(card, file, "00B0000002")[-4:] == "9000"
    assert send(card, "00A40804022F00", "00B2010426")[-4:] == "9000"
    send(card, SELECT_USIM)
    assert send(card, "00A40004026F46", "00B0000011")[-4:] == "9000"
    assert send(card, "00A40004026FAD", "00B0000004")[-4:] == "9000"


def test_the_right_pin_is_valid_until_the_next_reset() -> None:
    card = holding(LOCKED)
    imsi = (SELECT_USIM, "00A40004026F07", "00B0000009")
    assert send(card, RIGHT) == "9000"
    assert send(card, *imsi) == "0829439900000000109000"
    card.reset()
    assert send(card, *imsi) == "6982"


def test_each_wrong_pin_uses_up_a_try_until_it_is_blocked() -> None:
    card = holding(LOCKED)
    assert [send(card, command) for command in ("0020000100", WRONG, WRONG, RIGHT, "0020000100")] == [
        "63C3",
        "63C2",
        "63C1",
        "9000",
        "63C3",
    ]
    assert [send(card, WRONG) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    card.reset()
    assert [send(card, command) for command in (RIGHT, "0020000100", "00200001")] == ["6983"] * 3


def test_a_wrong_pin_locks_the_files_again() -> None:
    card = holding(LOCKED)
    send(card, RIGHT)
    send(card, WRONG)
    assert send(card, SELECT_USIM, "00A40004026F07", "00B0000009") == "6982"


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("0020000200", "6A88"),
        ("0020010100", "6A86"),
        ("002000010431323334", "6700"),
        ("802000010831323334FFFFFFFF", "6E00"),
    ],
)
def test_an_invalid_verify_pin_uses_up_no_try(command: str, sw: str) -> None:
    card = holding(LOCKED)
    assert send(card, command) == sw
    assert send(card, "0020000100") == "63C3"


def test_a_disabled_pin_cannot_be_verified() -> None:
    assert send(made(), RIGHT) == "6984"
    assert send(made(), "0020000100") == "63C3"


def test_the_pin_of_one_profile_does_not_unlock_another() -> None:
    profiles = [replace(profile, contents=LOCKED) for profile in samples.profiles(2)]
    terminal = Terminal(SimulatedEuicc.create(None, profiles=profiles))
    assert terminal.send(RIGHT) == "9000"
    terminal.ask("BF3111A00C5A0A989489050000000020F5810100")
    assert send(terminal.card, SELECT_USIM, "00A40004026F07", "00B0000009") == "6982"


# In a folder


def test_tries_and_contents_are_stored_in_the_folder(tmp_path: Path) -> None:
    profile = replace(samples.profiles(1)[0], contents=replace(LOCKED, messages=("0100",)))
    with closing(SimulatedEuicc.create(tmp_path / "card", profiles=[profile])) as card:
        assert send(card, WRONG) == "63C2"
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert send(card, "0020000100") == "63C2"
        assert card.profiles[0].contents == replace(profile.contents, pin_tries=2)


def test_a_pin_is_not_verified_if_its_tries_cannot_be_stored(tmp_path: Path) -> None:
    profile = replace(samples.profiles(1)[0], contents=replace(LOCKED, pin_tries=2))
    with closing(SimulatedEuicc.create(tmp_path / "card", profiles=[profile])) as card:
        (tmp_path / "card" / "card.json.new").mkdir()
        assert [send(card, WRONG), send(card, RIGHT), send(card, "0020000100")] == ["6581", "6581", "63C2"]
        assert send(card, SELECT_USIM, "00A40004026F07", "00B0000009") == "6982"


def test_a_stored_card_without_contents_can_be_loaded(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card").close()
    path = tmp_path / "card" / "card.json"
    state = json.loads(path.read_bytes())
    for profile in state["profiles"]:
        del profile["contents"]
    path.write_text(json.dumps(state))
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert [profile.contents for profile in card.profiles] == [Contents()] * 3
        assert send(card, SELECT_USIM, "00A40004026F07", "00B0000009") == "FF" * 9 + "9000"


def test_a_card_that_was_stored_before_it_had_all_keys_can_be_loaded(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card").close()
    path = tmp_path / "card" / "card.json"
    state = json.loads(path.read_bytes())
    older = ("contacts", "messages", "imsi", "msisdn", "service_provider", "pin", "pin_tries", "phone_book")
    for profile in state["profiles"]:
        profile["contents"] = {name: profile["contents"][name] for name in (*older, "local")}
    path.write_text(json.dumps(state))
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert card.profiles[0].contents == samples.profiles(1)[0].contents
        assert send(card, "002C000100") == "63CA"
