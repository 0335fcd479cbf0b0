"""Bytes of which some are hidden, and their written form."""

from __future__ import annotations

import pytest

from lpa.rsp.masked import Masked

WRITTEN = [
    ("", ()),
    ("81E291", (b"\x81\xe2\x91",)),
    ("0020000108 <8 bytes>", (b"\x00\x20\x00\x01\x08", 8)),
    ("<25 bytes> 9000", (25, b"\x90\x00")),
    ("BF2D <hidden> 9000", (b"\xbf\x2d", None, b"\x90\x00")),
]


@pytest.mark.parametrize(("text", "parts"), WRITTEN)
def test_the_written_form_is_read_and_written(text: str, parts: tuple[bytes | int | None, ...]) -> None:
    assert Masked.parse(text).parts == parts
    assert str(Masked.of(*parts)) == text


@pytest.mark.parametrize("text", ["81 e2 91", "81E2 91", "  81e291  ", "<0 bytes>81E291"])
def test_spaces_and_the_case_of_digits_do_not_matter(text: str) -> None:
    assert Masked.parse(text) == Masked.of(b"\x81\xe2\x91")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("81E", "neither pairs of hexadecimal digits"),
        ("8<1 bytes>1", "neither pairs of hexadecimal digits"),
        ("81 E2 xx", "neither pairs of hexadecimal digits"),
        ("<x bytes>", "neither pairs of hexadecimal digits"),
        ("<-1 bytes>", "neither pairs of hexadecimal digits"),
        ("<hidden>81<hidden>", "may occur once"),
        ("<8388608 bytes>81", "more than 8388608 bytes"),
    ],
)
def test_anything_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Masked.parse(text)


@pytest.mark.parametrize(
    ("text", "content", "matches"),
    [
        ("0020", "0020", True),
        ("0020", "002000", False),
        ("0020 <2 bytes>", "00200A0D", True),  # a line feed too
        ("0020 <2 bytes>", "002001", False),
        ("0020 <2 bytes>", "0020010203", False),
        ("00 <hidden> 20", "0020", True),
        ("00 <hidden> 20", "0020AABB0A20", True),
        ("00 <hidden> 20", "00AABB", False),
        ("2A2B <1 bytes>", "2A2BFF", True),  # not the characters of a pattern
        ("2A2B <1 bytes>", "2A2A2BFF", False),
    ],
)
def test_hidden_bytes_match_any_of_their_number(text: str, content: str, matches: bool) -> None:
    assert Masked.parse(text).matches(bytes.fromhex(content)) is matches


def test_hidden_bytes_are_filled_with_zeros() -> None:
    assert Masked.parse("BF <2 bytes> <hidden> 9000").filled() == bytes.fromhex("BF00009000")
    assert Masked.parse("BF <2 bytes> <hidden> 9000").size == 5
