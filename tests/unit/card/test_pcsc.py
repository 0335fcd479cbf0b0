"""The errors for PC/SC return codes, and commands over T=0. tests/pcsc has the tests with a service."""

from __future__ import annotations

import pytest
from smartcard import scard

from lpa.card import pcsc
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
]

COMMANDS = [
    # ISO 7816-3 §12.1.2: case 1, case 2, case 3, case 4; only the last has both data and Le.
    ("00700000", "00700000"),
    ("0070000001", "0070000001"),
    ("00A40004023F00", "00A40004023F00"),
    ("00A40004023F0000", "00A40004023F00"),
    ("81E2910006BF3E035C015A00", "81E2910006BF3E035C015A"),
    ("81E29100FF" + "00" * 255 + "00", "81E29100FF" + "00" * 255),
]


@pytest.mark.parametrize(("code", "kind"), MEANINGS)
def test_a_return_code_is_translated_to_an_error(code: int, kind: type[WireError]) -> None:
    assert type(pcsc.failure(code, "Reader 1")) is kind


@pytest.mark.parametrize(("code", "kind"), MEANINGS)
def test_a_negative_return_code_is_translated_to_the_same_error(code: int, kind: type[WireError]) -> None:
    below_zero = code - (1 << 32) if code >> 31 else code
    assert type(pcsc.failure(below_zero)) is kind


def test_an_error_about_a_reader_names_it() -> None:
    assert pcsc.failure(0x8010000C, "Reader {1}").message == "There is no card in 'Reader {1}'."


def test_an_unknown_return_code_keeps_its_number() -> None:
    error = pcsc.failure(0x801000FF)
    assert type(error) is WireError
    assert "801000FF" in error.message


@pytest.mark.parametrize(("command", "on_the_wire"), COMMANDS)
def test_t0_omits_only_the_le_of_a_command_with_data(command: str, on_the_wire: str) -> None:
    assert pcsc.without_le(bytes.fromhex(command)) == bytes.fromhex(on_the_wire)


class Windows:
    """SCardConnect as on a computer where another program releases the card; no service is used."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *codes: int) -> None:
        self._codes = list(codes)
        monkeypatch.setattr(scard, "SCardEstablishContext", lambda _: (0, 1))
        monkeypatch.setattr(scard, "SCardReleaseContext", lambda _: 0)
        monkeypatch.setattr(scard, "SCardGetStatusChange", lambda *_: (0, [("Reader 1", 0, [])]))
        monkeypatch.setattr(scard, "SCardConnect", lambda *_: (self._codes.pop(0), 2, 1))
        monkeypatch.setattr(scard, "SCardStatus", lambda _: (0, "Reader 1", 0, 1, [0x3B, 0x00]))

    @property
    def tries_left(self) -> int:
        return len(self._codes)


@pytest.mark.parametrize("code", [0x45D, 0x8010002F])
def test_an_unreachable_card_is_tried_twice(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    Windows(monkeypatch, code, 0)
    assert pcsc.PcscTransport.open("Reader 1").atr == b"\x3b\x00"


def test_a_card_that_stays_unreachable_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows(monkeypatch, 0x45D, 0x8010002F, 0)
    with pytest.raises(CardBusy, match="another program may be using it"):
        pcsc.PcscTransport.open("Reader 1")
    assert windows.tries_left == 1


def test_a_card_held_by_another_program_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows(monkeypatch, 0x8010000B, 0)
    with pytest.raises(CardBusy):
        pcsc.PcscTransport.open("Reader 1")
    assert windows.tries_left == 1
