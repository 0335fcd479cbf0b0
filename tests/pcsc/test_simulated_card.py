"""The simulated eUICC in a virtual reader: it answers through PC/SC as it does in process."""

from __future__ import annotations

from typing import Literal

import pytest

from lpa.card.pcsc import PcscTransport
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

from .conftest import PlugIn

_OPEN_CHANNEL = bytes.fromhex("0070000001")
_SELECT_ISDR = bytes.fromhex("01A4040010 A0000005591010FFFFFFFF8900000100 00")
_GET_EID = bytes.fromhex("81E2910006 BF3E035C015A 00")
_GET_RESPONSE = bytes.fromhex("01C0000015")


@pytest.mark.parametrize("protocol", ["T=0", "T=1"])
def test_the_eid_is_read_over_both_protocols(virtual_reader: PlugIn, protocol: Literal["T=0", "T=1"]) -> None:
    card = SimulatedEuicc.create(None, behaviour=Behaviour(protocol=protocol))
    with virtual_reader(card, slot=1) as reader, PcscTransport.open(reader.name) as transport:
        assert (transport.protocol, transport.atr) == (protocol, card.atr)
        assert transport.transmit(_OPEN_CHANNEL) == (b"\x01", 0x9000)
        _, sw = transport.transmit(_SELECT_ISDR)
        assert sw >> 8 in (0x61, 0x90)
        data, sw = transport.transmit(_GET_EID)
        if protocol == "T=0":
            assert (data, sw) == (b"", 0x6115)
            data, sw = transport.transmit(_GET_RESPONSE)
        assert (data, sw) == (bytes.fromhex("BF3E125A10" + card.eid), 0x9000)


def test_a_reset_is_a_power_cycle_that_closes_channels(virtual_reader: PlugIn) -> None:
    card = SimulatedEuicc.create(None)
    with virtual_reader(card) as reader, PcscTransport.open(reader.name) as transport:
        assert transport.transmit(_OPEN_CHANNEL) == (b"\x01", 0x9000)
        before = card.resets
        transport.reset()
        assert card.resets == before + 1
        _, sw = transport.transmit(_SELECT_ISDR)
        assert sw == 0x6881
