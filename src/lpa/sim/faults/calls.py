"""Finds the ES10 function, and the place in its request, of each STORE DATA block that a card receives."""

from __future__ import annotations

from dataclasses import dataclass

from lpa.sim import codec as schema
from lpa.sim.faults.refusals import LOAD
from lpa.sim.faults.vocabulary import INSTRUCTIONS

_STORE_DATA = 0xE2
_PACKAGE = 0xBF36
_SEGMENTS = (_PACKAGE, 0xA0, 0xA1, 0xA2, 0xA3, 0x86, 0x87, 0x88)  # §2.5.5: each is a request of its own
_RESULT = bytes.fromhex("BF37")


@dataclass(frozen=True)
class ReceivedCommand:
    """One command APDU. `name`: that of its instruction, "" for others.

    For a block of a request: its `function`, its number `block` in the call (1 is the first), and the bytes
    of the request that were received before it (`begins`) and with it (`ends`).
    """

    name: str
    function: str = ""
    block: int = 0
    begins: int = 0
    ends: int = 0


class CallReader:
    """Reads command APDUs in the order in which they arrive."""

    def __init__(self) -> None:
        self._last = ReceivedCommand("")

    def read(self, apdu: bytes) -> ReceivedCommand:
        """What the next APDU is. All segments of a package belong to one call."""
        instruction = apdu[1] if len(apdu) > 1 else -1
        if instruction != _STORE_DATA or len(apdu) < 6:
            return ReceivedCommand(INSTRUCTIONS.get(instruction, ""))
        data, before = apdu[5 : 5 + apdu[4]], self._last
        function, begins = (before.function, False) if apdu[3] else call_of(data)
        if begins:
            before = ReceivedCommand("")
        ends = before.ends + len(data)
        self._last = ReceivedCommand("StoreData", function, before.block + 1, before.ends, ends)
        return self._last


def call_of(request: bytes) -> tuple[str, bool]:
    """The function of a request, by its tag, and whether the request begins a call.

    A request that belongs to no function is named by its tag: "BF99".
    """
    size = 2 if request[:1] and request[0] & 0x1F == 0x1F else 1
    tag = int.from_bytes(request[:size], "big")
    if tag in _SEGMENTS:
        return LOAD, tag == _PACKAGE
    return schema.functions().get(tag, f"{tag:04X}"), True


def ends_call(function: str, answer: tuple[bytes, int]) -> bool:
    """Whether `answer` is the last one of a call: a package has many without a result before."""
    data, sw = answer
    return function != LOAD or data.startswith(_RESULT) or sw != 0x9000
