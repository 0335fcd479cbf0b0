"""A TLV is its own bytes: cut, search and build; anything else is a bad answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv


@pytest.mark.parametrize(
    ("tag", "value", "coded"),
    [
        (0x5A, b"", "5A00"),
        (0x9F70, b"\x01", "9F700101"),
        (0xBF2D, b"\xa0\x00", "BF2D02A000"),
        (0x04, bytes(127), "047F" + "00" * 127),
        (0x04, bytes(128), "048180" + "00" * 128),
        (0x04, bytes(255), "0481FF" + "00" * 255),
        (0x04, bytes(256), "04820100" + "00" * 256),
        (0x04, bytes(65536), "0483010000" + "00" * 65536),
        (0xBF8101, b"\x05", "BF81010105"),
    ],
    ids=lambda item: str(item)[:12],
)
def test_a_tlv_is_built_and_read_as_pinned(tag: int, value: bytes, coded: str) -> None:
    tlv = Tlv.build(tag, value)
    assert tlv == bytes.fromhex(coded)
    assert (tlv.tag, tlv.value) == (tag, value)
    assert Tlv.whole(bytes.fromhex(coded)) == tlv


def test_parts_are_joined() -> None:
    assert Tlv.build(0xA0, b"\x80\x00", b"\x81\x01\x07") == bytes.fromhex("A005 8000 810107")


def test_cutting_gives_the_first_tlv_and_the_rest() -> None:
    assert Tlv.cut(bytes.fromhex("800101 8200")) == (bytes.fromhex("800101"), bytes.fromhex("8200"))


@pytest.mark.parametrize("length", ["05", "8105", "820005", "83000005", "8400000005"])
def test_a_length_may_be_longer_than_needed_and_stays_as_it_came(length: str) -> None:
    coded = bytes.fromhex(f"5A {length} 0102030405")
    tlv = Tlv.whole(coded)
    assert tlv == coded
    assert tlv.value == bytes.fromhex("0102030405")


@pytest.mark.parametrize(
    "coded",
    [
        pytest.param("", id="empty"),
        pytest.param("5A", id="no length"),
        pytest.param("BF", id="half a tag"),
        pytest.param("BF81", id="two thirds of a tag"),
        pytest.param("5A82", id="no length bytes"),
        pytest.param("5A8201", id="half a length"),
        pytest.param("5A0201", id="half a value"),
        pytest.param("5A80" + "00" * 128, id="indefinite length"),
        pytest.param("5A85 0000000001 00", id="length of five bytes"),
        pytest.param("BF818181 01 00", id="tag of four bytes"),
    ],
)
def test_an_invalid_tlv_is_a_bad_answer(coded: str) -> None:
    data = bytes.fromhex(coded)
    with pytest.raises(BadAnswer):
        Tlv.cut(data)
    with pytest.raises(BadAnswer):
        _ = Tlv(data).tag, Tlv(data).value, Tlv.whole(data)


def test_bytes_after_the_end_are_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="2 unexpected bytes"):
        Tlv.whole(bytes.fromhex("800101 8200"))


def test_children_are_found_by_tag() -> None:
    tlv = Tlv.whole(bytes.fromhex("A009 800101 810102 800103"))
    assert tlv.children == (bytes.fromhex("800101"), bytes.fromhex("810102"), bytes.fromhex("800103"))
    assert tlv.child(0x80) == bytes.fromhex("800101")
    assert tlv.child(0x82) is None


def test_malformed_children_are_a_bad_answer() -> None:
    with pytest.raises(BadAnswer):
        _ = Tlv.whole(bytes.fromhex("A004 800101 81")).children


def test_a_search_finds_at_any_depth_and_in_order() -> None:
    tlv = Tlv.whole(bytes.fromhex("A00E A105 A203 5A0101 A205 A203 5A0102"))
    assert tlv.search(0x5A) == bytes.fromhex("5A0101")
    assert tlv.search(0xA0) == tlv
    assert tlv.search(0x9F70) is None


def test_a_search_skips_malformed_branches() -> None:
    assert Tlv.whole(bytes.fromhex("A007 A102 5A05 5A0101")).search(0x5A) == bytes.fromhex("5A0101")


def test_a_search_does_not_look_into_primitive_values() -> None:
    assert Tlv.whole(bytes.fromhex("A005 8003 5A0101")).search(0x5A) is None


def test_a_search_survives_deep_nesting() -> None:
    data = b"\x5a\x00"
    for _ in range(3000):
        data = Tlv.build(0x30, data)
    assert Tlv(data).search(0x5A) == b"\x5a\x00"


def test_a_tlv_shows_its_bytes() -> None:
    assert repr(Tlv.build(0x80, b"\x01")) == "Tlv(800101)"


@given(
    tag=st.sampled_from([0x04, 0x5A, 0x9F70, 0xBF2D, 0xE3]), value=st.binary(max_size=400), rest=st.binary()
)
def test_what_is_built_is_cut_again(tag: int, value: bytes, rest: bytes) -> None:
    tlv, remainder = Tlv.cut(Tlv.build(tag, value) + rest)
    assert (tlv.tag, tlv.value, remainder) == (tag, value, rest)


@given(st.binary(max_size=60))
def test_garbage_is_a_value_or_a_bad_answer(data: bytes) -> None:
    try:
        tlv, rest = Tlv.cut(data)
    except BadAnswer:
        return
    assert tlv + rest == data
    assert tlv.tag >= 0
    assert tlv.endswith(tlv.value)
    tlv.search(0x5A)
    try:
        assert b"".join(tlv.children) == tlv.value
    except BadAnswer:
        assert tlv.value
