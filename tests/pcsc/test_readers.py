"""`readers` with a real service: the one of this run, one without readers, and none."""

from __future__ import annotations

from pathlib import Path

import lpa
from lpa.card.pcsc import PcscTransport, Reader, readers
from lpa.errors import NoCard
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing.pcscd import PrivatePcscd, VirtualReader
from tests.support.pcsc_scripted import T0_ATR, ScriptedCard

from .conftest import READERS, OtherProcess, PlugIn

_PRINT_READERS = """
from lpa.card.pcsc import readers
from lpa.errors import LpaError
try:
    print(readers())
except LpaError as error:
    print(error.kind)
"""


def test_readers_keep_their_order_and_say_which_has_a_card(
    virtual_reader: PlugIn,
) -> None:
    with virtual_reader(ScriptedCard(), slot=1):
        assert readers() == (
            Reader(READERS[0], present=False, atr=b"", busy=False, mute=False),
            Reader(READERS[1], present=True, atr=T0_ATR, busy=False, mute=False),
        )


def test_a_program_lists_the_readers_and_opens_their_cards_only_if_it_asks_for_that(
    virtual_reader: PlugIn,
) -> None:
    card = SimulatedEuicc.create(None)
    with virtual_reader(card, slot=1):
        assert lpa.readers() == readers()
        empty, probed = lpa.readers(probe=True)
        assert (empty.reader.name, probed.reader.name) == READERS
        assert isinstance(empty.problem, NoCard)
        assert str(probed.eid) == str(card.eid)
        assert lpa.Probe.from_json(empty.as_json()).as_json() == empty.as_json()


def test_a_reader_with_a_used_card_is_busy(virtual_reader: PlugIn) -> None:
    with virtual_reader(ScriptedCard()) as reader:
        with PcscTransport.open(reader.name):
            assert readers()[0].busy
        assert not readers()[0].busy


def test_a_card_without_an_atr_is_present_and_mute(mute_card: VirtualReader) -> None:
    assert Reader(mute_card.name, present=True, atr=b"", busy=False, mute=True) in readers()


def test_a_service_without_readers_lists_none(
    empty_service: PrivatePcscd, other_process: OtherProcess
) -> None:
    assert other_process(_PRINT_READERS, service_socket=empty_service.socket) == "()"


def test_without_a_service_readers_is_an_error(tmp_path: Path, other_process: OtherProcess) -> None:
    assert other_process(_PRINT_READERS, service_socket=tmp_path / "nobody") == "NoService"
