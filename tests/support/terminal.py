"""A terminal for a simulated card: APDUs and answers in hexadecimal. It shares no code with the library."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable

from lpa.sim.euicc.behaviour import STANDARD_ISDR, Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

SELECT_ISDR = f"A4040010{STANDARD_ISDR}"
EID = "89999999000000000000000000000186"
GET_EID = "BF3E035C015A"
EID_ANSWER = f"BF3E125A10{EID}"
FCI = f"6F228410{STANDARD_ISDR}A5049F6501FFE0088203020202030100"
T1 = Behaviour(protocol="T=1")


def made(behaviour: Behaviour | None = None, profiles: int = 3) -> SimulatedEuicc:
    """A card in memory, with a known EID and the usual profiles, the first of which is enabled."""
    return SimulatedEuicc.create(None, eid=EID, behaviour=behaviour or Behaviour(), profiles=profiles)


def send(card: SimulatedEuicc, *apdus: str) -> str:
    """The answer to the last of these APDUs: data and status word."""
    answers = [card.transmit(bytes.fromhex(apdu)) for apdu in apdus]
    data, sw = answers[-1]
    return f"{data.hex()}{sw:04x}".upper()


class Terminal:
    """Sends APDUs to the ISD-R of `card` on a logical channel (0 is the basic one)."""

    def __init__(self, card: SimulatedEuicc, *, channel: int = 1) -> None:
        self.card = card
        self.channel = channel
        self.block = card.behaviour.block_size
        if channel:
            assert self.send(f"007000{channel:02X}00") == "9000"
        assert self.send(f"{channel:02X}{SELECT_ISDR}")[:2] == "61"

    def send(self, apdu: str) -> str:
        """The answer to one APDU: data and status word, as they come."""
        return send(self.card, apdu)

    def whole(self, apdu: str) -> str:
        """The answer to an APDU with all that GET RESPONSE brings."""
        data, sw = self.card.transmit(bytes.fromhex(apdu))
        while sw >> 8 == 0x61:
            more, sw = self.card.transmit(bytes([self.channel, 0xC0, 0, 0, sw & 0xFF]))
            if sw >> 8 == 0x6C:
                more, sw = self.card.transmit(bytes([self.channel, 0xC0, 0, 0, sw & 0xFF]))
            data += more
        return f"{data.hex()}{sw:04x}".upper()

    def ask(self, request: str) -> str:
        """The answer to an ES10 request in as many blocks as it needs."""
        data = bytes.fromhex(request)
        blocks = [data[start : start + self.block] for start in range(0, len(data), self.block)]
        for number, block in enumerate(blocks[:-1]):
            assert (
                self.send(f"{0x80 | self.channel:02X}E211{number:02X}{len(block):02X}{block.hex()}") == "9000"
            )
        last = blocks[-1]
        return self.whole(f"{0x80 | self.channel:02X}E291{len(blocks) - 1:02X}{len(last):02X}{last.hex()}")


def spaced(*parts: str) -> str:
    """Hexadecimal as `Terminal` answers it, from parts written with spaces."""
    return "".join(parts).replace(" ", "").upper()


def repeatable(seed: int) -> Callable[[int], bytes]:
    """A source of randomness that is the same every time."""
    draws = itertools.count()
    return lambda size: hashlib.shake_256(f"{seed} {next(draws)}".encode()).digest(size)
