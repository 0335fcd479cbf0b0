"""The records of phone books, byte for byte (TS 51.011 §10.5, TS 31.102 §4.4.2)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.uicc import contacts
from lpa.rsp.uicc.contacts import Contact, Extension, LinkedFile, NumberRecord, PhoneBookSet

FREE = "FF" * 28
NAME = "416461" + "FF" * 11


def adn(coded: str) -> NumberRecord | None:
    return NumberRecord.from_adn(bytes.fromhex(coded))


@pytest.mark.parametrize(
    ("coded", "entry"),
    [
        (NAME + "07 91 447700091032 FFFFFFFF FF FF", NumberRecord("Ada", "+447700900123", None)),
        (NAME + "04 81 1032F4 FFFFFFFFFFFFFF FF FF", NumberRecord("Ada", "01234", None)),
        (NAME + "04 81 1A00FB FFFFFFFFFFFFFF FF FF", NumberRecord("Ada", "*100#", None)),
        (NAME + "05 81 21C3D5E4 FFFFFFFFFFFF FF FF", NumberRecord("Ada", "123,5?4E", None)),
        (NAME + "0B 91 94031098100200325476 FF 03", NumberRecord("Ada", "+49300189012000234567", 3)),
        (NAME + "FF FF FFFFFFFFFFFFFFFFFFFF FF FF", NumberRecord("Ada", "", None)),
        (NAME + "00 91 447700091032 FFFFFFFF FF 00", NumberRecord("Ada", "", None)),
        (NAME + "FE 81 1032547698 1032547698 FF FF", NumberRecord("Ada", "01234567890123456789", None)),
        ("02 91 44 FFFFFFFFFFFFFFFFFF FF FF", NumberRecord("", "+44", None)),
        (NAME + "01 91 FFFFFFFFFFFFFFFFFFFF FF FF", NumberRecord("Ada", "", None)),
        (FREE, None),
    ],
)
def test_an_entry_is_a_name_and_a_number(coded: str, entry: NumberRecord | None) -> None:
    assert adn(coded) == entry


def test_an_additional_number_has_no_name() -> None:
    coded = bytes.fromhex("01 05 81 20749106 FFFFFFFFFFFF FF 02")
    assert NumberRecord.from_anr(coded) == NumberRecord("", "02471960", 2)
    assert NumberRecord.from_anr(coded + b"\x01\x07") == NumberRecord("", "02471960", 2)
    assert NumberRecord.from_anr(b"\xff" * 17) is None


def test_an_extension_has_digits_and_the_number_of_the_next_record() -> None:
    coded = "02 03 CC1032 FFFFFFFFFFFFFF 05"
    assert Extension.from_record(bytes.fromhex(coded)) == Extension(",,0123", 5)
    subaddress = bytes.fromhex("01 03 CC1032 FFFFFFFFFFFFFF 07")
    assert Extension.from_record(subaddress) == Extension("", 7)
    assert Extension.from_record(bytes(13)) is None
    assert Extension.from_record(b"\xff" * 13) is None


def test_a_record_that_is_too_short_is_a_bad_answer() -> None:
    for read in (NumberRecord.from_adn, NumberRecord.from_anr, Extension.from_record):
        with pytest.raises(BadAnswer, match="bytes, not 1"):
            read(b"\x02" * 12)


def test_a_phone_book_names_its_files_and_their_links() -> None:
    coded = "A809 C0034F3A01 C1024F25 A908 C4024F11 CA024F50 AA04 C2024F4A FFFFFF"
    book = PhoneBookSet.from_record(bytes.fromhex(coded))
    assert book == PhoneBookSet(
        (
            LinkedFile("ADN", 1, b"\x4f\x3a", 0),
            LinkedFile("IAP", 1, b"\x4f\x25", 1),
            LinkedFile("ANR", 2, b"\x4f\x11", 0),
            LinkedFile("EMAIL", 2, b"\x4f\x50", 1),
            LinkedFile("EXT1", 3, b"\x4f\x4a", 0),
        )
    )
    assert book.of("EMAIL") == (LinkedFile("EMAIL", 2, b"\x4f\x50", 1),)
    assert PhoneBookSet.from_record(b"\xff" * 20) is None


def test_a_phone_book_with_a_file_identifier_that_ends_in_ff_is_read() -> None:
    book = PhoneBookSet.from_record(bytes.fromhex("A804 C0024FFF FFFF"))
    assert book == PhoneBookSet((LinkedFile("ADN", 1, b"\x4f\xff", 0),))


def test_unknown_objects_of_a_phone_book_are_left_out() -> None:
    book = PhoneBookSet.from_record(bytes.fromhex("A806 DE024F3B C000 A304 C0024F3A"))
    assert book == PhoneBookSet(())


def test_a_truncated_phone_book_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer):
        PhoneBookSet.from_record(bytes.fromhex("A809 C0034F3A01"))


def test_the_text_of_a_linked_record_ends_before_its_link() -> None:
    assert contacts.text(bytes.fromhex("6100 62 FFFF 01 03"), linked=True) == "a@b"
    assert contacts.text(bytes.fromhex("6100 62 FFFF"), linked=False) == "a@b"
    assert contacts.text(bytes.fromhex("6100 62 01 03"), linked=True) == "a@b"


def test_contacts_are_merged_without_duplicates() -> None:
    found = contacts.merged(
        [
            Contact("Ada", ("1",), ("a@b",)),
            Contact("Bob", ("1",)),
            Contact("Ada", ("1", "2"), (), ("A",)),
            Contact("Ada", ("3",)),
            Contact("Bob", ("1",)),
        ]
    )
    assert found == (
        Contact("Ada", ("1", "2"), ("a@b",), ("A",)),
        Contact("Bob", ("1",)),
        Contact("Ada", ("3",)),
    )


@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_a_bad_answer(data: bytes) -> None:
    for read in (
        NumberRecord.from_adn,
        NumberRecord.from_anr,
        Extension.from_record,
        PhoneBookSet.from_record,
    ):
        with contextlib.suppress(BadAnswer):
            read(data)
    contacts.text(data, linked=True)
