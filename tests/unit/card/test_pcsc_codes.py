"""The errors for PC/SC return codes."""

from __future__ import annotations

import pytest

from lpa.card import pcsc_codes
from lpa.errors import (
    CardBusy,
    CardRemoved,
    CardUnpowered,
    NoCard,
    NoReader,
    NoService,
    NotAnEuicc,
    WireError,
)

# As winscard.h and winerror.h publish them.
MEANINGS = [
    (0x8010001D, NoService),
    (0x8010001E, NoService),
    (0x8010006A, NoService),
    (0x8010002E, NoReader),
    (0x80100009, NoReader),
    (0x80100017, NoReader),
    (0x8010000C, NoCard),
    (0x80100069, CardRemoved),
    (0x8010000B, CardBusy),
    (0x0000045D, CardBusy),
    (0x8010002F, CardBusy),
    (0x80100066, CardUnpowered),
    (0x80100067, CardUnpowered),
    (0x8010000F, NotAnEuicc),
    (0x80100068, WireError),
    (0x80100016, WireError),
    (0xC000002B, WireError),
]


@pytest.mark.parametrize(("code", "kind"), MEANINGS)
def test_a_return_code_is_translated_to_an_error(code: int, kind: type[WireError]) -> None:
    assert type(pcsc_codes.failure(code, "Reader 1")) is kind


@pytest.mark.parametrize(("code", "kind"), MEANINGS)
def test_a_negative_return_code_is_translated_to_the_same_error(code: int, kind: type[WireError]) -> None:
    below_zero = code - (1 << 32) if code >> 31 else code
    assert type(pcsc_codes.failure(below_zero)) is kind


def test_an_error_about_a_reader_names_it() -> None:
    assert pcsc_codes.failure(0x8010000C, "Reader {1}").message == "There is no card in 'Reader {1}'."


def test_a_parity_error_is_no_unknown_code() -> None:
    message = pcsc_codes.failure(0xC000002B, "Reader 1").message
    assert message == "The reader 'Reader 1' reports a parity error in the answer of its card."


def test_an_unknown_return_code_keeps_its_number() -> None:
    error = pcsc_codes.failure(0x801000FF)
    assert type(error) is WireError
    assert "801000FF" in error.message
