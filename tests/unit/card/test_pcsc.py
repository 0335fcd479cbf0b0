"""Commands over T=0, and what Windows returns. tests/pcsc has the tests with a service."""

from __future__ import annotations

import pytest
from smartcard import scard

from lpa.card import pcsc
from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.errors import CardBusy, CardRemoved, CardUnpowered, LpaError, NotAnEuicc, WireError

COMMANDS = [
    # ISO 7816-3 §12.1.2: case 1, case 2, case 3, case 4; only the last has both data and Le.
    ("00700000", "00700000"),
    ("0070000001", "0070000001"),
    ("00A40004023F00", "00A40004023F00"),
    ("00A40004023F0000", "00A40004023F00"),
    ("81E2910006BF3E035C015A00", "81E2910006BF3E035C015A"),
    ("81E29100FF" + "00" * 255 + "00", "81E29100FF" + "00" * 255),
]


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


@pytest.mark.parametrize(
    ("state", "atr", "kind"),
    [
        (scard.SCARD_STATE_EMPTY, [], CardRemoved),
        (scard.SCARD_STATE_PRESENT | scard.SCARD_STATE_MUTE, [], CardUnpowered),
        (scard.SCARD_STATE_PRESENT, [0x3B, 0x00], NotAnEuicc),
    ],
)
def test_a_card_that_left_while_it_was_powered_has_no_wrong_protocol(
    monkeypatch: pytest.MonkeyPatch, state: int, atr: list[int], kind: type[WireError]
) -> None:
    """pcscd reports a wrong protocol for it, as it got no answer to reset."""
    Windows(monkeypatch, 0x8010000F)
    monkeypatch.setattr(scard, "SCardGetStatusChange", lambda *_: (0, [("Reader 1", state, atr)]))
    with pytest.raises(LpaError) as caught:
        pcsc.PcscTransport.open("Reader 1")
    assert type(caught.value) is kind


def test_a_card_that_leaves_at_a_reset_was_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    Windows(monkeypatch, 0)
    transport = pcsc.PcscTransport.open("Reader 1")
    empty = [("Reader 1", scard.SCARD_STATE_EMPTY, list[int]())]
    monkeypatch.setattr(scard, "SCardReconnect", lambda *_: (0x8010000F, 0))
    monkeypatch.setattr(scard, "SCardGetStatusChange", lambda *_: (0, empty))
    with pytest.raises(CardRemoved):
        transport.reset()


class Silent(Windows):
    """A card that ends in a reader error at an AID that it lacks, until it is reset."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int, *lines: tuple[str, str]) -> None:
        super().__init__(monkeypatch, 0)
        self._code, self._lines, self._silent, self.resets = code, list(lines), False, 0
        monkeypatch.setattr(scard, "SCardTransmit", self._transmit)
        monkeypatch.setattr(scard, "SCardReconnect", self._reconnect)
        monkeypatch.setattr(scard, "SCardDisconnect", lambda *_: 0)

    def _transmit(self, _handle: int, _header: int, command: list[int]) -> tuple[int, list[int]]:
        if self._silent or bytes(command)[1:] == bytes.fromhex(f"A4040010 {ISDR_AIDS[0]}"):
            self._silent = True
            return self._code, []
        expected, answer = self._lines.pop(0)
        assert bytes(command) == bytes.fromhex(expected)
        return 0, list(bytes.fromhex(answer))

    def _reconnect(self, *_: int) -> tuple[int, int]:
        self._silent, self.resets = False, self.resets + 1
        return 0, 1


@pytest.mark.parametrize("code", [0x8010002F, 0x45D, 0xC000002B, 0x80100016, 0x8010002F - (1 << 32)])
def test_a_card_that_falls_silent_at_an_absent_aid_is_opened(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced = [("80AA00000A A9088100820101830107", "6D00"), ("0070000001", "019000")]
    opened = [
        (f"01A4040010 {ISDR_AIDS[1]}", "9000"),
        ("81E2910006 BF3E035C015A", "6115"),
        ("01C0000015", "BF3E125A10 89049032123451234512345678901235 9000"),
    ]
    silent = Silent(monkeypatch, code, *announced, *announced, *opened, ("00708001", "9000"))
    with pcsc.PcscTransport.open("Reader 1") as transport, Euicc(transport) as euicc:
        assert euicc.aid == ISDR_AIDS[1]
    assert silent.resets == 1


def test_a_card_held_by_another_program_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows(monkeypatch, 0x8010000B, 0)
    with pytest.raises(CardBusy):
        pcsc.PcscTransport.open("Reader 1")
    assert windows.tries_left == 1
