"""The responses of the simulated card to APDUs, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.terminal import EID_ANSWER, FCI, GET_EID, SELECT_ISDR, T1, Terminal, made, send

LARGE = SimulatedProfile("8944994000000000017", icon=bytes(300))  # 357 bytes of GetProfilesInfo


# Response data, by protocol


def test_t0_returns_response_data_by_get_response() -> None:
    assert send(made(), f"00{SELECT_ISDR}") == "6124"
    assert send(made(), f"00{SELECT_ISDR}", "00C0000024") == FCI + "9000"


def test_t0_accepts_a_command_with_and_without_le() -> None:
    assert send(made(), f"00{SELECT_ISDR}00") == send(made(), f"00{SELECT_ISDR}") == "6124"


@pytest.mark.parametrize("cla", ["01", "81"])
def test_get_response_may_have_either_class(cla: str) -> None:
    terminal = Terminal(made())
    assert terminal.send(f"81E2910006{GET_EID}") == "6115"
    assert terminal.send(f"{cla}C0000015") == EID_ANSWER + "9000"


def test_t0_returns_the_right_length_and_keeps_the_response_data() -> None:
    card = made()
    assert send(card, f"00{SELECT_ISDR}", "00C0000000") == "6C24"
    assert send(card, "00C0000025") == "6C24"
    assert send(card, "00C0000024") == FCI + "9000"


def test_response_data_can_be_read_in_parts() -> None:
    card = made()
    assert send(card, f"00{SELECT_ISDR}", "00C0000004") == FCI[:8] + "6120"
    assert send(card, "00C0000020") == FCI[8:] + "9000"


def test_response_data_can_be_read_once() -> None:
    assert send(made(), f"00{SELECT_ISDR}", "00C0000024", "00C0000024") == "6985"


def test_another_command_discards_unread_response_data() -> None:
    card = made()
    assert send(card, "0070000001") == "019000"
    assert send(card, f"00{SELECT_ISDR}", "01A40004023F00", "00C0000024") == "6985"
    assert send(card, f"00{SELECT_ISDR}", "00", "00C0000024") == "6985"


def test_get_response_needs_the_channel_of_the_command_and_no_parameters() -> None:
    card = made()
    assert send(card, "0070000001") == "019000"
    assert send(card, f"00{SELECT_ISDR}", "01C0000024") == "6985"
    assert send(card, f"00{SELECT_ISDR}", "00C0010024") == "6A86"


def test_t0_returns_the_length_for_a_command_without_data() -> None:
    card = made()
    assert send(card, "00A40000022FE2", "00B0000000") == "6C0A"
    assert send(card, "00B000000B") == "6C0A"
    assert send(card, "00B000000A") == "984499040000000010F79000"


def test_t0_opens_no_channel_before_the_length_is_right() -> None:
    assert send(made(), "0070000000") == "6C01"
    assert send(made(), "0070000000", "00700000", "0070000001") == "019000"


def test_t1_returns_response_data_immediately() -> None:
    assert send(made(T1), f"00{SELECT_ISDR}00") == FCI + "9000"
    assert send(made(T1), f"00{SELECT_ISDR}FF") == FCI + "9000"


def test_t1_without_le_returns_response_data_by_get_response() -> None:
    assert send(made(T1), f"00{SELECT_ISDR}") == "6124"
    assert send(made(T1), f"00{SELECT_ISDR}", "00C0000000") == FCI + "9000"


def test_t1_returns_256_bytes_immediately_and_the_rest_by_get_response() -> None:
    card = SimulatedEuicc.create(None, behaviour=T1, profiles=[LARGE])
    send(card, f"00{SELECT_ISDR}00")
    data, sw = card.transmit(bytes.fromhex("80E2910003BF2D0000"))
    assert (len(data), sw) == (256, 0x6165)
    more, sw = card.transmit(bytes.fromhex("00C0000000"))
    assert (len(more), sw) == (101, 0x9000)
    assert (data + more)[:13] == bytes.fromhex("BF2D820160 A082015C E3820158")


def test_61xx_says_00_for_256_bytes_and_more() -> None:
    terminal = Terminal(SimulatedEuicc.create(None, profiles=[LARGE]))
    assert terminal.send("81E2910003BF2D00") == "6100"
    assert terminal.send("01C0000000")[-4:] == "6165"


# Classes, instructions, lengths


@pytest.mark.parametrize(
    ("apdu", "sw"),
    [
        ("", "6700"),
        ("00A400", "6700"),
        ("00A4000402", "6700"),
        ("00A4000400", "6700"),
        ("00A40004023F", "6700"),
        ("00A40004023F000000", "6700"),
        ("00A400040000023F00", "6700"),
        ("04A40004023F00", "6882"),
        ("8CE2910003BF2000", "6882"),
        ("A0A40004023F00", "6E00"),
        ("10A40004023F00", "6E00"),
        ("80A40004023F00", "6E00"),
        ("00E2910003BF2000", "6E00"),
        ("8024000100", "6E00"),
        ("00F2000000", "6E00"),
        ("8076000000", "6D00"),
        ("0032000003000001", "6D00"),
        ("01A40004023F00", "6881"),
        ("C5E2910003BF2000", "6881"),
    ],
)
def test_an_invalid_command_is_refused(apdu: str, sw: str) -> None:
    assert send(made(), apdu) == sw


@given(st.lists(st.binary(max_size=300), max_size=4), st.sampled_from(["T=0", "T=1"]))
def test_any_bytes_get_a_valid_response(apdus: list[bytes], protocol: str) -> None:
    card = T1_CARD if protocol == "T=1" else T0_CARD
    for apdu in apdus:
        data, sw = card.transmit(apdu)
        assert len(data) <= 256
        assert 0x6000 <= sw <= 0x9FFF


# An almost valid command: a header, a tag, and parts of a body
_HEADERS = (
    *("00A40400", "01A40004", "01B00000", "00700000", "00708001", "80100000", "80120000", "80140000"),
    *("80AA0000", "81E29100", "81E21100", "81E29101", "01C00000"),
)
_TAGS = (
    *("BF20", "BF22", "BF28", "BF29", "BF2B", "BF2D", "BF2E", "BF30", "BF31", "BF32", "BF33", "BF34"),
    *("BF3C", "BF3E", "BF3F", "BF43", "BF21", "5A", "30"),
)
_PARTS = (
    *("5A0A984499040000000010F7", "A00C5A0A984499040000000010F7", "8101FF", "810100", "5C025A4F", "5C019F"),
    *(
        "A003800101",
        "A003950102",
        "800101",
        "820205E0",
        "81020410",
        "8000",
        "A000",
        "9001FF",
        "81",
        "3082FFFF",
    ),
)
_COMMANDS = st.tuples(
    st.sampled_from(_HEADERS),
    st.sampled_from(_TAGS),
    st.lists(st.sampled_from(_PARTS), max_size=3),
    st.sampled_from([b"", b"\0"]),
)


@given(st.lists(_COMMANDS, max_size=6))
def test_almost_valid_commands_get_a_valid_response(script: list[tuple[str, str, list[str], bytes]]) -> None:
    T0_CARD.reset()
    Terminal(T0_CARD)
    for header, tag, parts, le in script:
        body = bytes.fromhex("".join(parts))
        request = bytes.fromhex(tag) + bytes([len(body)]) + body
        data, sw = T0_CARD.transmit(bytes.fromhex(header) + bytes([len(request)]) + request + le)
        assert len(data) <= 256
        assert 0x6000 <= sw <= 0x9FFF


T0_CARD, T1_CARD = made(), made(T1)


# STORE DATA


def test_a_request_may_come_in_blocks() -> None:
    terminal = Terminal(made())
    assert terminal.send("81E2110002BF3E") == "9000"
    assert terminal.send("81E2110102035C") == "9000"
    assert terminal.send("81E2910202015A") == "6115"
    assert terminal.send("01C0000015") == EID_ANSWER + "9000"


def test_a_request_has_at_most_256_blocks() -> None:
    terminal = Terminal(made())
    address = "61" * 251
    request = bytes.fromhex(f"BF3F81FE8081FB{address}")
    assert len(request) == 258
    for number in range(256):
        assert terminal.send(f"81E211{number:02X}01{request[number]:02X}") == "9000"
    assert terminal.send(f"81E291FF01{request[256]:02X}") == "6A86"


@pytest.mark.parametrize("p1p2", ["9001", "1000", "9101", "1101", "8000"])
def test_a_wrong_first_block_is_refused(p1p2: str) -> None:
    assert Terminal(made()).send(f"81E2{p1p2}06{GET_EID}") == "6A86"


def test_a_block_out_of_order_discards_the_request() -> None:
    terminal = Terminal(made())
    assert terminal.send("81E2110002BF3E") == "9000"
    assert terminal.send("81E2910202035C") == "6A86"
    assert terminal.send("81E29101045C035A5A") == "6A86"


def test_block_zero_starts_a_new_request() -> None:
    terminal = Terminal(made())
    assert terminal.send("81E2110002BF20") == "9000"
    assert terminal.send(f"81E2910006{GET_EID}") == "6115"


def test_another_command_on_the_channel_discards_the_request() -> None:
    terminal = Terminal(made())
    assert terminal.send("81E2110002BF3E") == "9000"
    assert terminal.send("01C0000000") == "6985"
    assert terminal.send("81E2910104035C015A") == "6A86"


def test_blocks_on_two_channels_do_not_mix() -> None:
    card = made()
    first, second = Terminal(card), Terminal(card, channel=2)
    assert first.send("81E2110002BF3E") == "9000"
    assert second.send("82E2110002BF20") == "9000"
    assert first.send("81E2910104035C015A") == "6115"
    assert second.send("82E291010100") == "6138"


def test_a_block_must_not_be_longer_than_the_card_accepts() -> None:
    terminal = Terminal(made(Behaviour(block_size=5)))
    assert terminal.send(f"81E2910006{GET_EID}") == "6700"
    assert terminal.send("81E2110005BF3E035C01") == "9000"
    assert terminal.send("81E29101015A") == "6115"


def test_a_block_must_not_be_empty() -> None:
    assert Terminal(made()).send("81E2910000") == "6700"


@pytest.mark.parametrize("request_", ["BF3B00", "BF3500", "5A00", "3000", "BF5600"])
def test_an_unknown_function_is_an_unknown_object(request_: str) -> None:
    assert Terminal(made()).ask(request_) == "6A88"


@pytest.mark.parametrize("request_", ["BF", "BF3E", "BF3E02", "BF3E035C015A00", "BF3E00", "BF3E035C0190"])
def test_a_malformed_request_is_wrong_data(request_: str) -> None:
    assert Terminal(made()).ask(request_) == "6A80"


def test_store_data_needs_the_isdr() -> None:
    assert send(made(), f"80E2910006{GET_EID}") == "6D00"
    assert send(made(), f"00{SELECT_ISDR}", "00A40004023F00", f"80E2910006{GET_EID}") == "6D00"
