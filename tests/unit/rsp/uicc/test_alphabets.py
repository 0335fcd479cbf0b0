"""The alphabets of cards and messages, byte for byte. Examples from TS 23.038 and TS 102 221 Annex A."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.rsp.uicc import alphabets


@pytest.mark.parametrize(
    ("coded", "text"),
    [
        ("00 01 02 10 11 24 40 60", "@£$Δ_¤¡¿"),
        ("5B 5C 5D 5E 5F 7B 7C 7D 7E 7F", "ÄÖÑÜ§äöñüà"),
        ("41 1B 65 1B 28 1B 40 1B 3C 1B 2F", "A€{|[\\"),
        ("41 1B 41", "AA"),
        ("41 1B", "A"),
        ("1B 1B", "\ufffd"),
        ("80 FE", "\ufffd\ufffd"),
    ],
)
def test_the_default_alphabet_and_its_extension(coded: str, text: str) -> None:
    assert alphabets.gsm(bytes.fromhex(coded)) == text


def test_eight_characters_are_packed_into_seven_bytes() -> None:
    packed = bytes.fromhex("E8329BFD4697D9EC37")
    assert alphabets.gsm(alphabets.septets(packed, 10)) == "hellohello"
    assert alphabets.gsm(alphabets.septets(packed, 10, skip=7)) == "llo"
    assert alphabets.gsm(alphabets.septets(packed[:2], 10)) == "he"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("416461FFFFFF", "Ada"),
        ("FFFFFF", ""),
        ("", ""),
        ("80 4F60 597D FFFF", "你好"),
        ("80 4F60 597D FF", "你好"),
        ("80 4F60 59", "你"),
        ("80 D83D DE00", "😀"),
        ("80 D83D 0041", "\ufffdA"),
        ("81 04 13 53 95 A6 A6 FF", "S\u0995\u09a6\u09a6"),
        ("81 09 13 53 95", "S\u0995"),
        ("81 03 03 1B 65 1B", "€"),
        ("81", "\ufffd"),
        ("82 05 0530 2D 82 D3 2D 31", "-\u0532\u0583-1"),
        ("82 02 D7F0 8F 90", "\ud7ff\ufffd"),
        ("82 01 FFFF 81", "\ufffd"),
        ("82 02 04", "\ufffd$è"),
    ],
)
def test_the_first_byte_of_a_name_gives_its_coding(field: str, text: str) -> None:
    assert alphabets.alpha(bytes.fromhex(field)) == text


@given(st.binary(max_size=60), st.integers(0, 70), st.integers(0, 10))
def test_any_bytes_are_text_that_can_be_written(data: bytes, count: int, skip: int) -> None:
    texts = (
        alphabets.alpha(data),
        alphabets.ucs2(data),
        alphabets.gsm(data),
        alphabets.gsm(alphabets.septets(data, count, skip=skip)),
    )
    assert all(text.encode().decode() == text for text in texts)
