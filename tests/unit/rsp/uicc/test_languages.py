"""The national language tables, character by character (TS 23.038 Annex A), and messages that use them."""

from __future__ import annotations

import json

import pytest

from lpa.rsp.uicc import alphabets, languages
from lpa.rsp.uicc.messages import Message
from tests.support.paths import VECTORS
from tests.support.short_messages import FROM, NOON, message

LANGUAGE_TABLES = VECTORS / "languages.json"
TABLES = json.loads(LANGUAGE_TABLES.read_text())
# The elements of a user data header, each of one byte (TS 23.040 §9.2.3.24.15, .16).
SINGLE, LOCKING = "2401", "2501"


def packed(*codes: int, after: int = 0) -> bytes:
    """Codes packed 8 in 7 bytes, after a header of so many bytes, aligned to the next character."""
    skipped = (after * 8 + 6) // 7
    bits = sum(code << 7 * place for place, code in enumerate(codes, skipped))
    return bits.to_bytes(((skipped + len(codes)) * 7 + 7) // 8, "little")[after:]


def sent(header: str, *codes: int) -> Message:
    """A message with these elements in its header, and codes in its text."""
    coded = bytes.fromhex(header)
    whole = bytes([len(coded)]) + coded
    length = (len(whole) * 8 + 6) // 7 + len(codes)
    body = (whole + packed(*codes, after=len(whole))).hex()
    return message(f"01 00 44 {FROM} 00 00 {NOON} {length:02X} {body}")


@pytest.mark.parametrize("vector", TABLES, ids=lambda vector: f"language{vector['language']}")
def test_each_code_is_the_character_of_the_language(vector: dict[str, list[str]]) -> None:
    tables = languages.tables(int(str(vector["language"])), int(str(vector["language"])))
    assert tables
    assert list(tables.locking) == list("".join(vector["locking"]))
    single = "".join(vector["single"])
    assert {code: sign for code, sign in enumerate(single) if sign != alphabets.UNKNOWN} == tables.single


def test_the_tables_are_those_of_thirteen_languages() -> None:
    assert [vector["language"] for vector in TABLES] == [*range(1, 14)]
    assert languages.tables(0, 0) == languages.Tables(alphabets.BASIC, alphabets.EXTENSION)
    assert languages.tables(14, 0) is languages.tables(0, 14) is None


def test_spanish_has_no_locking_table_and_keeps_the_default_alphabet() -> None:
    tables = languages.tables(2, 2)
    assert tables
    assert (tables.locking, tables.single[0x69]) == (alphabets.BASIC, "í")


@pytest.mark.parametrize(
    ("header", "codes", "text"),
    [
        # After an escape: "Şğı" in Turkish, "¿Qué día?" in Spanish, and the brackets that all have.
        (f"{SINGLE}01", (0x1B, 0x53, 0x1B, 0x67, 0x1B, 0x69), "Şğı"),
        (f"{SINGLE}02", (0x60, 0x51, 0x75, 0x05, 0x20, 0x64, 0x1B, 0x69, 0x61, 0x3F), "¿Qué día?"),
        (f"{SINGLE}01", (0x1B, 0x3C, 0x1B, 0x65, 0x1B, 0x3E, 0x1B, 0x41), "[€]A"),
        # Instead of the default alphabet
        (f"{LOCKING}01", (0x1C, 0x0C, 0x07, 0x40), "Şğıİ"),
        (f"{LOCKING}03", (0x0F, 0x7B, 0x09, 0x15, 0x1B, 0x40), "áãç∞|"),
        (f"{LOCKING}06", (0x28, 0x20, 0x2F), ") न"),
        # Both, of two languages
        (f"{SINGLE}02{LOCKING}01", (0x1D, 0x1B, 0x6F), "şó"),
        # A long message in Turkish; the last of two elements of a kind counts.
        (f"00032A0201{SINGLE}01", (0x1B, 0x73), "ş"),
        (f"{SINGLE}01{SINGLE}02", (0x1B, 0x53, 0x1B, 0x6F), "Só"),
        # An element without a language changes nothing.
        ("2400", (0x53, 0x1B, 0x53), "SS"),
    ],
)
def test_a_message_is_read_in_the_language_that_its_header_names(
    header: str, codes: tuple[int, ...], text: str
) -> None:
    assert (sent(header, *codes).text, sent(header, *codes).problem) == (text, "")


@pytest.mark.parametrize("header", [f"{SINGLE}0E", f"{LOCKING}FF", f"{SINGLE}01{LOCKING}0E"])
def test_an_unknown_language_table_is_a_problem_and_leaves_bytes(header: str) -> None:
    found = sent(header, 0x41, 0x42)
    assert (found.text, found.number) == (None, "+447700900123")
    assert found.data == packed(0x41, 0x42, after=1 + len(header) // 2)
    assert found.problem.startswith("The message uses an unknown language table (")


def test_an_undefined_code_of_a_language_is_a_replacement_character() -> None:
    assert sent(f"{LOCKING}0B", 0x00, 0x01).text == "\ufffdஂ"
