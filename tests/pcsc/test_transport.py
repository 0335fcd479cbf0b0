"""`PcscTransport` through a real service: what arrives at the card, and what is said when nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest
from smartcard import scard

from lpa.card.pcsc import PcscTransport
from lpa.errors import CardBusy, CardRemoved, CardUnpowered, NoCard, NoReader, NotAnEuicc
from tests.support.pcsc_scripted import T0_ATR, T1_ATR, T14_ATR, ScriptedCard

from .conftest import READERS, OtherProcess, PlugIn, VirtualReader

# SELECT ISD-R on channel 1, GetEID and its answer (SGP.22 §5.7.20), as the terminal asks for them: with Le.
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


def test_on_t0_commands_with_data_and_answer_lose_their_le(virtual_reader: PlugIn) -> None:
    card = ScriptedCard(_T0_SCRIPT)
    with virtual_reader(card) as reader, PcscTransport.open(reader.name) as transport:
        assert (transport.protocol, transport.atr) == ("T=0", T0_ATR)
        assert transport.transmit(bytes.fromhex(_SELECT)) == (b"", 0x9000)
        assert transport.transmit(bytes.fromhex(_GET_EID)) == (b"", 0x6115)
        assert transport.transmit(bytes.fromhex(_GET_RESPONSE)) == (bytes.fromhex(_EID), 0x9000)


def test_on_t1_commands_keep_their_le_and_the_answer_comes_at_once(virtual_reader: PlugIn) -> None:
    card = ScriptedCard(_T1_SCRIPT, atr=T1_ATR)
    with virtual_reader(card, slot=1) as reader, PcscTransport.open(reader.name) as transport:
        assert (transport.protocol, transport.atr) == ("T=1", T1_ATR)
        assert transport.transmit(bytes.fromhex(_SELECT)) == (b"", 0x9000)
        assert transport.transmit(bytes.fromhex(_GET_EID)) == (bytes.fromhex(_EID), 0x9000)


def test_the_longest_short_answer_arrives_whole(virtual_reader: PlugIn) -> None:
    card = ScriptedCard((("00C0000000", "A5" * 256 + "9000"),))
    with virtual_reader(card) as reader, PcscTransport.open(reader.name) as transport:
        assert transport.transmit(bytes.fromhex("00C0000000")) == (b"\xa5" * 256, 0x9000)


def test_a_held_card_is_busy_for_every_other_process_until_it_is_given_back(
    virtual_reader: PlugIn, other_process: OtherProcess
) -> None:
    with virtual_reader(ScriptedCard()) as reader:
        with PcscTransport.open(reader.name):
            assert other_process(_OPEN_AND_PRINT, reader.name) == "CardBusy"
            with pytest.raises(CardBusy, match="Another program is using the card"):
                PcscTransport.open(reader.name)
        assert other_process(_OPEN_AND_PRINT, reader.name) == "opened"


def test_a_card_in_the_middle_of_a_transaction_of_another_program_is_busy_at_once(
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
def test_an_open_that_failed_leaves_no_connection_to_the_service() -> None:
    before = _open_files()
    with pytest.raises(NoCard):
        PcscTransport.open(READERS[0])
    assert _open_files() == before


def test_reset_takes_the_power_off_and_on_and_keeps_others_out(virtual_reader: PlugIn) -> None:
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


def test_a_card_pulled_between_two_commands_is_gone(virtual_reader: PlugIn) -> None:
    with virtual_reader(ScriptedCard()) as reader, PcscTransport.open(reader.name) as transport:
        reader.pull()
        with pytest.raises(CardRemoved, match="taken out"):
            transport.transmit(bytes.fromhex("00A40004023F0000"))
        with pytest.raises(NoCard):
            transport.reset()


def test_a_card_pulled_during_a_command_is_gone(virtual_reader: PlugIn) -> None:
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
def test_a_reader_that_is_not_there_is_named() -> None:
    with pytest.raises(NoReader, match="'Somebody Else 00 00'"):
        PcscTransport.open("Somebody Else 00 00")


def test_a_card_without_sign_of_life_is_unpowered(mute_card: VirtualReader) -> None:
    with pytest.raises(CardUnpowered, match=mute_card.name):
        PcscTransport.open(mute_card.name)


def test_a_card_of_another_protocol_is_no_euicc(virtual_reader: PlugIn) -> None:
    with (
        virtual_reader(ScriptedCard(atr=T14_ATR)) as reader,
        pytest.raises(NotAnEuicc, match="neither T=0 nor T=1"),
    ):
        PcscTransport.open(reader.name)


def _open_files() -> list[str]:
    """What this process holds open; a connection to the service is a file like any other."""
    return sorted(entry.name for entry in Path("/proc/self/fd").iterdir())
