"""The line parameters in answers to reset."""

import pytest

from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.wire.line_parameters import LineParameters


@pytest.mark.parametrize(
    ("atr", "expected"),
    [
        ("3B00", LineParameters()),
        ("3B1796 80318065B00000", LineParameters(fi=512, di=32)),
        ("3B1797", LineParameters(fi=512, di=64)),
        ("3B1195", LineParameters(fi=512, di=16)),
        ("3B4005", LineParameters(extra_guard=5)),
        # TD1 names T=0, TC2 is WI
        ("3B8040 14", LineParameters(waiting=20)),
        # TA1, TC1 = FF, TD1 = 81, TD2 = 71: TA3 IFSC, TB3 BWI and CWI, TC3 CRC
        ("3BD018FF 81 71 FE 65 01", LineParameters(1, 372, 12, 255, 10, 6, 254, crc=True)),
        # T=0 first, then T=1: the first offered protocol counts, and its own bytes are those of T=1
        ("3B9096 80 31 FE 45", LineParameters(0, 512, 32, ifsc=254)),
        # RFU factors are the default ones; a truncated ATR has no more
        ("3B107F", LineParameters()),
        ("3BF0", LineParameters()),
        ("", LineParameters()),
    ],
)
def test_an_atr_has_these_parameters(atr: str, expected: LineParameters) -> None:
    assert LineParameters.of(bytes.fromhex(atr)) == expected


def test_the_simulated_cards_offer_512_by_32() -> None:
    t0 = SimulatedEuicc.create(None, profiles=0)
    t1 = SimulatedEuicc.create(None, profiles=0, behaviour=Behaviour(protocol="T=1"))
    assert LineParameters.of(t0.atr) == LineParameters(fi=512, di=32)
    assert LineParameters.of(t1.atr) == LineParameters(1, fi=512, di=32, ifsc=254)


@pytest.mark.parametrize("rest", [b"", b"\x00" * 8, b"\xff" * 31, bytes(range(0, 248, 8))])
def test_any_bytes_give_parameters(rest: bytes) -> None:
    for first in range(256):
        line = LineParameters.of(bytes([0x3B, first]) + rest)
        assert 1 <= line.ifsc <= 254
        assert line.fi >= 372
        assert line.waiting
