"""The PIN commands of a UICC, with the tries of each key (TS 102 221 §9.5 and §11.1.9 to §11.1.13)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lpa.sim import samples
from lpa.sim.contents import Contents
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.cards import holding
from tests.support.terminal import Terminal, made, send

IMSI = ("00A4040C07A0000000871002", "00A4000C026F07", "00B0000009")
LOCKED = Contents(imsi="234990000000001", pin="1234")


def code(text: str) -> str:
    return text.encode().ljust(8, b"\xff").hex()


def verify(text: str, key: str = "01") -> str:
    return f"002000{key}08{code(text)}"


def change(old: str, new: str, key: str = "01") -> str:
    return f"002400{key}10{code(old)}{code(new)}"


def unblock(puk: str, new: str, key: str = "01") -> str:
    return f"002C00{key}10{code(puk)}{code(new)}"


DISABLE, ENABLE = f"0026000108{code('1234')}", f"0028000108{code('1234')}"


def test_a_changed_pin_is_the_only_right_one() -> None:
    card = holding(LOCKED)
    assert (
        send(
            card,
            change("9999", "5678"),
        )
        == "63C2"
    )
    assert send(card, change("1234", "567890")) == "9000"
    assert send(card, *IMSI)[-4:] == "9000"
    card.reset()
    assert send(card, *IMSI) == "6982"
    assert [send(card, verify("1234")), send(card, verify("567890"))] == ["63C2", "9000"]


@pytest.mark.parametrize("new", ["123", "12a4", "", "1234\xff5"])
def test_a_new_pin_that_is_none_uses_up_no_try(new: str) -> None:
    coded = new.encode("latin-1").ljust(8, b"\xff").hex()
    card = holding(LOCKED)
    assert send(card, f"0024000110{code('9999')}{coded}") == "6A80"
    assert send(card, f"002C000110{code('99999999')}{coded}") == "6A80"
    assert send(card, "0020000100") == "63C3"
    assert send(card, "002C000100") == "63CA"


def test_a_disabled_pin_protects_nothing_until_it_is_enabled() -> None:
    card = holding(LOCKED)
    assert send(card, f"0026000108{code('1111')}") == "63C2"
    assert send(card, DISABLE) == "9000"
    assert send(card, "0020000100") == "63C3"
    card.reset()
    assert send(card, *IMSI)[-4:] == "9000"
    assert send(card, verify("1234")) == send(card, change("1234", "5678")) == send(card, DISABLE) == "6984"
    assert send(card, f"0028000108{code('1111')}") == "63C2"
    assert send(card, ENABLE) == "9000"
    assert send(card, ENABLE) == "6985"
    card.reset()
    assert send(card, *IMSI) == "6982"
    assert send(card, verify("1234"), *IMSI)[-4:] == "9000"


def test_the_pin_of_a_card_without_pin_is_known() -> None:
    card = made()
    assert send(card, f"0028000108{code('0000')}") == "9000"
    card.reset()
    assert send(card, *IMSI) == "6982"


def test_the_parameters_of_a_folder_say_which_pins_are_enabled() -> None:
    card = holding(LOCKED)
    status = "C60C9001{}83010183018183010A9000"
    assert send(card, "80F2000028").endswith(status.format("E0"))
    send(card, DISABLE)
    assert send(card, "80F2000028").endswith(status.format("60"))


def test_the_puk_unblocks_the_pin_and_enables_it() -> None:
    card = holding(LOCKED)
    assert [send(card, verify("9999")) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert send(card, change("1234", "5678")) == send(card, DISABLE) == send(card, ENABLE) == "6983"
    assert send(card, "002C000100") == "63CA"
    assert send(card, unblock("99999999", "5678")) == "63C9"
    assert send(card, "0020000100") == "6983"
    assert send(card, unblock("12345678", "5678")) == "9000"
    assert send(card, *IMSI)[-4:] == "9000"
    assert [send(card, "0020000100"), send(card, "002C000100")] == ["63C3", "63CA"]
    assert send(card, verify("5678")) == "9000"
    other = made()
    assert send(other, unblock("12345678", "5678")) == "9000"
    other.reset()
    assert send(other, *IMSI) == "6982"


def test_a_puk_has_ten_tries() -> None:
    card = holding(LOCKED)
    answers = [send(card, unblock("99999999", "5678")) for _ in range(11)]
    assert answers == [f"63C{left:X}" for left in range(9, -1, -1)] + ["6983"]
    assert send(card, unblock("12345678", "5678")) == send(card, "002C000100") == "6983"
    assert send(card, verify("1234")) == "9000"


def test_pin2_protects_fixed_dialling_and_has_tries_and_a_puk_of_its_own() -> None:
    card = holding(LOCKED)
    est = ("00A4040C07A0000000871002", "00A4000C026F56", "00D600000101")
    assert send(card, verify("1234"), *est) == "6982"
    assert send(card, verify("9999", "81")) == "63C2"
    assert send(card, verify("0000", "81"), *est) == "9000"
    assert send(card, change("0000", "4444", "81")) == "9000"
    assert [send(card, verify("0000", "81")) for _ in range(3)] == ["63C2", "63C1", "63C0"]
    assert send(card, *est) == "6982"
    assert send(card, unblock("12345678", "5555", "81")) == "63C9"
    assert send(card, unblock("87654321", "5555", "81")) == "9000"
    assert send(card, *est) == "9000"
    assert [send(card, "0020000100"), send(card, "0020008100")] == ["63C3", "63C3"]
    assert [send(card, "0020000100"), send(card, "002C008100")] == ["63C3", "63CA"]


def test_the_key_of_the_operator_has_ten_tries_and_no_puk() -> None:
    card = holding(LOCKED)
    assert send(card, "0020000A00") == "63CA"
    assert send(card, verify("11111111", "0A")) == "63C9"
    assert send(card, change("88888888", "1234", "0A")) == "6A80"
    assert send(card, change("88888888", "12345678", "0A")) == "9000"
    assert send(card, verify("12345678", "0A")) == "9000"
    assert send(card, "0020000A00") == "63CA"
    assert send(card, unblock("12345678", "12345678", "0A")) == "6A88"


@pytest.mark.parametrize("ins", ["26", "28"])
@pytest.mark.parametrize("key", ["81", "0A"])
def test_only_pin1_is_enabled_and_disabled(ins: str, key: str) -> None:
    assert send(holding(LOCKED), f"00{ins}00{key}08{code('0000')}") == "6985"


@pytest.mark.parametrize("ins", ["20", "24", "26", "28", "2C"])
def test_keys_that_are_not_there_and_other_parameters(ins: str) -> None:
    data = f"10{code('1234') * 2}" if ins in ("24", "2C") else f"08{code('1234')}"
    assert send(holding(LOCKED), f"00{ins}0011{data}") == "6A88"
    assert send(holding(LOCKED), f"00{ins}8001{data}") == "6A86"
    assert send(made(profiles=0), f"00{ins}0001{data}") == "6A88"
    card = holding(LOCKED) if ins != "28" else holding(replace(LOCKED, pin=None))
    assert send(card, f"00{ins}00010431323334") == "6700"
    assert send(card, "0020000100") == "63C3"


def test_a_verified_key_counts_on_every_channel() -> None:
    card = holding(LOCKED)
    send(card, "0070000101", verify("1234"))
    assert send(card, *(f"01{apdu[2:]}" for apdu in IMSI))[-4:] == "9000"


def test_keys_are_those_of_a_profile_and_are_stored_with_the_card(tmp_path: Path) -> None:
    profiles = [replace(profile, contents=LOCKED) for profile in samples.profiles(2)]
    with closing(SimulatedEuicc.create(tmp_path / "card", profiles=profiles)) as card:
        assert send(card, change("1234", "5678")) == "9000"
        assert send(card, unblock("99999999", "5678")) == "63C9"
        assert send(card, verify("99999999", "0A")) == "63C9"
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert send(card, verify("5678")) == "9000"
        assert [send(card, "002C000100"), send(card, "0020000A00")] == ["63C9", "63C9"]
        terminal = Terminal(card)
        terminal.ask("BF3111A00C5A0A989489050000000020F5810100")
        assert [send(card, "002C000100"), send(card, verify("1234"))] == ["63CA", "9000"]


def test_a_pin_that_cannot_be_stored_is_not_changed(tmp_path: Path) -> None:
    profile = replace(samples.profiles(1)[0], contents=LOCKED)
    with closing(SimulatedEuicc.create(tmp_path / "card", profiles=[profile])) as card:
        (tmp_path / "card" / "card.json.new").mkdir()
        for command in (change("1234", "5678"), DISABLE, unblock("12345678", "5678")):
            assert send(card, command) == "6581"
        assert send(card, *IMSI) == "6982"
        (tmp_path / "card" / "card.json.new").rmdir()
        assert send(card, verify("1234")) == "9000"


def test_a_new_nickname_locks_nothing() -> None:
    card = SimulatedEuicc.create(None, profiles=[replace(samples.profiles(1)[0], contents=LOCKED)])
    terminal = Terminal(card)
    send(card, verify("1234"), *IMSI)
    assert terminal.ask("BF29125A0A984499040000000010F7900454657374") == "BF29038001009000"
    assert send(card, "00B0000009")[-4:] == "9000"
