"""The logical channels of the simulated card, and what can be selected on them."""

from __future__ import annotations

import pytest

from lpa.sim.euicc.behaviour import STANDARD_ISDR, Behaviour
from tests.support.terminal import EID_ANSWER, FCI, GET_EID, SELECT_ISDR, Terminal, made, send, spaced

MF = "6226 8202 7821 8302 3F00 A506 800171 8701{} 8A0105 8B03 2F06 07 C60C 900160 830101 830181 83010A"


# Channels


def test_channels_are_opened_in_turn_until_none_is_left() -> None:
    card = made(Behaviour(channels=2))
    assert [send(card, "0070000001") for _ in range(3)] == ["019000", "029000", "6881"]


def test_a_closed_channel_is_the_next_to_be_opened() -> None:
    card = made()
    send(card, "0070000001", "0070000001")
    assert send(card, "00708001") == "9000"
    assert send(card, "01A40004023F00") == "6881"
    assert send(card, "0070000001") == "019000"


def test_a_channel_may_be_opened_by_number() -> None:
    assert send(made(), "0070000200") == "9000"
    assert send(made(), "0070000200", "02A40004023F00") == "6128"
    assert send(made(), "0070000200", "0070000200") == "6881"
    assert send(made(), "0070000400") == "6881"


@pytest.mark.parametrize(
    ("apdu", "sw"),
    [("00708000", "6A86"), ("00708002", "6881"), ("00704000", "6A86"), ("0070000001AA", "6700")],
)
def test_an_invalid_manage_channel_is_refused(apdu: str, sw: str) -> None:
    assert send(made(), apdu) == sw


def test_a_channel_closes_itself() -> None:
    assert send(made(), "0070000001", "01708000") == "9000"
    assert send(made(), "0070000001", "01708000", "01A40004023F00") == "6881"


def test_a_card_without_channels_refuses_to_open_one() -> None:
    assert send(made(Behaviour(channels=0)), "0070000001") == "6881"


def test_channels_above_3_have_their_own_classes() -> None:
    card = made(Behaviour(channels=19))
    opened = [send(card, "0070000001") for _ in range(19)]
    assert opened[-1] == "139000"
    assert send(card, f"4F{SELECT_ISDR}") == "6124"
    assert send(card, f"CFE2910006{GET_EID}") == "6115"
    assert send(card, "4FC0000015") == EID_ANSWER + "9000"
    assert send(card, f"CEE2910006{GET_EID}") == "6D00"
    assert send(card, f"40{SELECT_ISDR}", "40C0000024") == FCI + "9000"


def test_the_isdr_answers_on_the_basic_channel_too() -> None:
    assert Terminal(made(), channel=0).ask(GET_EID) == EID_ANSWER + "9000"


# SELECT and files


def test_the_mf_announces_terminal_capability() -> None:
    assert send(made(), "00A40004023F00", "00C0000028") == spaced(MF.format("00"), "9000")
    announcing = made(Behaviour(announces_terminal_capability=True))
    assert send(announcing, "00A40004023F00", "00C0000028") == spaced(MF.format("01"), "9000")


def test_select_can_omit_the_response_data() -> None:
    assert send(made(), "00A4000C023F00") == "9000"
    assert send(made(), f"00A4040C10{STANDARD_ISDR}") == "9000"


def test_a_refused_select_keeps_the_selection() -> None:
    card = made()
    send(card, f"00{SELECT_ISDR}")
    assert send(card, "00A4040007A0000000871004") == "6A82"
    assert send(card, "00A40004026F07") == "6A82"
    assert send(card, "00A40804047F106F3B") == "6A82"
    assert send(card, "00A40001023F00") == "6A86"
    assert send(card, "00A40304023F00") == "6A86"
    assert send(card, f"80E2910006{GET_EID}") == "6115"


def test_an_ordinary_sim_has_no_isdr() -> None:
    assert send(made(Behaviour(not_an_euicc=True)), f"00{SELECT_ISDR}") == "6A82"


def test_the_isdr_may_have_another_aid() -> None:
    card = made(Behaviour(isdr_aid="A0000005591010FFFFFFFF8900050500"))
    assert send(card, f"00{SELECT_ISDR}") == "6A82"
    assert send(card, "00A4040010A0000005591010FFFFFFFF8900050500") == "6124"


def test_ef_iccid_is_that_of_the_enabled_profile() -> None:
    card = made()
    fcp = spaced("6217 8202 4121 8302 2FE2 8A0105 8B03 2F06 01 8002 000A 8801 10", "9000")
    assert send(card, "00A40804022FE2", "00C0000019") == fcp
    assert send(card, "00B0000802") == "10F79000"
    assert send(card, "00B0000A01") == "6B00"
    assert send(made(profiles=0), "00A40804022FE2") == "6A82"


def test_reading_without_a_selected_file_is_refused() -> None:
    assert send(made(), "00B000000A") == "6986"
    assert send(made(), "00A40000022FE2", f"00{SELECT_ISDR}", "00B000000A") == "6986"
    assert send(made(), "00A40000022FE2", "00A40004023F00", "00B000000A") == "6986"


def test_a_switch_deselects_the_files_of_the_previous_profile() -> None:
    terminal = Terminal(made())
    assert terminal.send("00A40000022FE2") == "6119"
    assert terminal.ask("BF3111A00C5A0A989489050000000020F5810100") == "BF31038001009000"
    assert terminal.send("00B000000A") == "6986"
    assert terminal.send("00A40000022FE2") == "6119"
    assert terminal.send("00B000000A") == "989489050000000020F59000"
    assert terminal.ask(GET_EID) == EID_ANSWER + "9000"


@pytest.mark.parametrize("channel", [0, 1])
def test_the_isdr_stays_selected_after_a_switch(channel: int) -> None:
    """As on a sysmoEUICC1: consecutive switches after one SELECT."""
    terminal = Terminal(made(), channel=channel)
    assert terminal.ask("BF3211A00C5A0A984499040000000010F7810100") == "BF32038001009000"
    assert terminal.ask("BF3111A00C5A0A989489050000000020F5810100") == "BF31038001009000"
    assert terminal.ask("BF3111A00C5A0A984499040000000010F7810100") == "BF31038001009000"
    assert terminal.ask(GET_EID) == EID_ANSWER + "9000"


@pytest.mark.parametrize("channel", [0, 1])
def test_a_card_may_lose_the_isdr_at_a_switch(channel: int) -> None:
    terminal = Terminal(made(Behaviour(loses_isdr_at_switch=True)), channel=channel)
    assert terminal.ask("BF3211A00C5A0A984499040000000010F7810100") == "BF32038001009000"
    assert terminal.send(f"8{channel}E2910006{GET_EID}") == "6D00"
    assert terminal.send(f"0{channel}{SELECT_ISDR}") == "6124"


def test_a_refused_switch_keeps_the_isdr_selected() -> None:
    terminal = Terminal(made(Behaviour(loses_isdr_at_switch=True)), channel=0)
    assert terminal.ask("BF3111A00C5A0A984499040000000010F7810100") == "BF31038001029000"
    assert terminal.ask(GET_EID) == EID_ANSWER + "9000"
