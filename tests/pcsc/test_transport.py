"""`PcscTransport` with a real service: what arrives at the card, and the errors when nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest
from smartcard import scard

from lpa.card.pcsc import PcscTransport
from lpa.errors import CardBusy, CardRemoved, CardUnpowered, NoCard, NoReader, NotAnEuicc
from lpa.testing.pcscd import VirtualReader
from tests.support.pcsc_scripted import T0_ATR, T1_ATR, T14_ATR, ScriptedCard

from .conftest import READERS, OtherProcess, PlugIn

# SELECT ISD-R on channel 1, GetEID and its answer (SGP.22 §5.7.20), as the terminal sends them: with Le.
_SELECT = "01A4040010A0000005591010FFFFFFFF890000010000"
_GET_EID = "81E2910006BF3E035C015A00"
_EID = "BF3E125A1089049032000000000000000000000028"
_GET_RESPONSE = "01C0000015"

_T0_SCRIPT = (
    ("01A4040010A0000005591010FFFFFFFF8900000100", "9000"),
    ("81E2910006BF3E035C015A", "6115"),
    (_GET_RESPONSE, _EID + "9000"),
)
_T1_SCRIPT = ((_SELECT, "9000"), (_GET_EID, _EID + "9000"))

_OPEN_AND_PRINT = """
import sys
from lpa.card.pcsc import PcscTransport
from lpa.errors import LpaError
try:
    PcscTransport.open(sys.argv[1]).close()
    print("opened")
except LpaError as error:
    print(error.kind)
"""


def test_t0_commands_with_data_lose_their_le(virtual_reader: PlugIn) -> None:
    card = ScriptedCard(_T0_SCRIPT)
    with virtual_reader(card) as reader, PcscTransport.open(reader.name) as transport:
        assert (transport.protocol, transport.atr) == ("T=0", T0_ATR)
        assert transport.transmit(bytes.fromhex(_SELECT)) == (b"", 0x9000)
        assert transport.transmit(bytes.fromhex(_GET_EID)) == (b"", 0x6115)
        assert transport.transmit(bytes.fromhex(_GET_RESPONSE)) == (bytes.fromhex(_EID), 0x9000)


def test_t1_commands_keep_their_le_and_are_answered_at_once(virtual_reader: PlugIn) -> None:
    card = ScriptedCard(_T1_SCRIPT, atr=T1_ATR)
    with virtual_reader(card, slot=1) as reader, PcscTransport.open(reader.name) as transport:
        assert (transport.protocol, transport.atr) == ("T=1", T1_ATR)
        assert transport.transmit(bytes.fromhex(_SELECT)) == (b"", 0x9000)
        assert transport.transmit(bytes.fromhex(_GET_EID)) == (bytes.fromhex(_EID), 0x9000)


def test_an_answer_of_256_bytes_is_complete(virtual_reader: PlugIn) -> None:
    card = ScriptedCard((("00C0000000", "A5" * 256 + "9000"),))
    with virtual_reader(card) as reader, PcscTransport.open(reader.name) as transport:
        assert transport.transmit(bytes.fromhex("00C0000000")) == (b"\xa5" * 256, 0x9000)


def test_an_opened_card_is_busy_for_other_processes_until_it_is_closed(
    virtual_reader: PlugIn, other_process: OtherProcess
) -> None:
    with virtual_reader(ScriptedCard()) as reader:
        with PcscTransport.open(reader.name):
            assert other_process(_OPEN_AND_PRINT, reader.name) == "CardBusy"
            with pytest.raises(CardBusy, match="Another program is using the card"):
                PcscTransport.open(reader.name)
        assert other_process(_OPEN_AND_PRINT, reader.name) == "opened"


def test_a_card_in_a_transaction_of_another_program_is_busy_at_once(
    virtual_reader: PlugIn,
) -> None:
    with virtual_reader(ScriptedCard()) as reader:
        _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _, other, _ = scard.SCardConnect(
            context, reader.name, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0
        )
        scard.SCardBeginTransaction(other)
        with pytest.raises(CardBusy):
            PcscTransport.open(reader.name)
        scard.SCardReleaseContext(context)


@pytest.mark.usefixtures("service")
def test_a_failed_open_leaves_no_connection_to_the_service() -> None:
    before = _open_files()
    with pytest.raises(NoCard):
        PcscTransport.open(READERS[0])
    assert _open_files() == before


def test_a_reset_cycles_the_power_and_keeps_the_card_exclusive(virtual_reader: PlugIn) -> None:
    card = ScriptedCard()
    with virtual_reader(card) as reader, PcscTransport.open(reader.name) as transport:
        card.seen.clear()
        transport.reset()
        assert card.seen == ["off", "reset"]
        with pytest.raises(CardBusy):
            PcscTransport.open(reader.name)


def test_a_card_stays_powered_for_the_next_command(virtual_reader: PlugIn) -> None:
    card = ScriptedCard()
    with virtual_reader(card) as reader:
        with PcscTransport.open(reader.name):
            card.seen.clear()
        with PcscTransport.open(reader.name):
            assert card.seen == []


def test_a_card_pulled_between_two_commands_is_reported_as_removed(virtual_reader: PlugIn) -> None:
    with virtual_reader(ScriptedCard()) as reader, PcscTransport.open(reader.name) as transport:
        reader.pull()
        with pytest.raises(CardRemoved, match="was removed"):
            transport.transmit(bytes.fromhex("00A40004023F0000"))
        with pytest.raises(NoCard):
            transport.reset()


def test_a_card_pulled_during_a_command_is_reported_as_removed(virtual_reader: PlugIn) -> None:
    card = ScriptedCard()
    with virtual_reader(card) as reader, PcscTransport.open(reader.name) as transport:
        card.instead = reader.cut
        with pytest.raises(CardRemoved):
            transport.transmit(bytes.fromhex("00A40004023F0000"))


@pytest.mark.usefixtures("service")
def test_an_empty_reader_has_no_card() -> None:
    with pytest.raises(NoCard, match=READERS[0]):
        PcscTransport.open(READERS[0])


@pytest.mark.usefixtures("service")
def test_a_reader_that_does_not_exist_is_named() -> None:
    with pytest.raises(NoReader, match="'Somebody Else 00 00'"):
        PcscTransport.open("Somebody Else 00 00")


def test_a_mute_card_is_reported_as_unpowered(mute_card: VirtualReader) -> None:
    with pytest.raises(CardUnpowered, match=mute_card.name):
        PcscTransport.open(mute_card.name)


def test_a_card_with_another_protocol_is_not_an_euicc(virtual_reader: PlugIn) -> None:
    with (
        virtual_reader(ScriptedCard(atr=T14_ATR)) as reader,
        pytest.raises(NotAnEuicc, match="neither T=0 nor T=1"),
    ):
        PcscTransport.open(reader.name)


def _open_files() -> list[str]:
    """The open files of this process; a connection to the service is one of them."""
    return sorted(entry.name for entry in Path("/proc/self/fd").iterdir())
