"""A card in a reader that records what it is asked, and what the download of a profile needs at least."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import header
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

_SELECT, _STORE_DATA, _GET_RESPONSE, _MANAGE_CHANNEL = 0xA4, 0xE2, 0xC0, 0x70
_NAMES = {
    0xAA: "TERMINAL CAPABILITY",
    0x20: "VERIFY",
    0xB0: "READ BINARY",
    0xB2: "READ RECORD",
    _GET_RESPONSE: "GET RESPONSE",
}
_LAST = 0x80  # in P1 of STORE DATA
_DOWN, _UP = 255, 256  # bytes of data in a command and in an answer
_CHANNEL = 3  # open, select, close
_OTHER = (0xBF3E, 0xBF2D)  # GetEID and GetProfilesInfo do not belong to the download itself


@dataclass(frozen=True)
class Exchange:
    """A command, the data that answered it and the status word."""

    command: bytes
    data: bytes
    sw: int

    def __str__(self) -> str:
        return f"{self.name:40} {len(self.command):4} bytes -> {len(self.data):4} bytes {self.sw:04X}"

    @property
    def name(self) -> str:
        """The command in words."""
        ins, p1, p2 = self.command[1:4]
        if ins == _SELECT:
            return f"SELECT {self.command[5:].hex().upper()}"
        if ins == _MANAGE_CHANNEL:
            return "MANAGE CHANNEL, close" if p1 else "MANAGE CHANNEL, open"
        if ins == _STORE_DATA and p2 == 0:
            tag = header(self.command[5:])[0]
            return f"STORE DATA {schema.functions().get(tag, f'of a package, {tag:X}')}"
        return "STORE DATA, next block" if ins == _STORE_DATA else _NAMES.get(ins, f"{ins:02X}")


class CountedCard:
    """A simulated card for a virtual reader, with what it was asked since it was powered."""

    inserted = True

    def __init__(self, card: SimulatedEuicc) -> None:
        self.card = card
        self.exchanges: list[Exchange] = []
        self.atr = card.atr
        self.reset, self.power_off, self.insert = card.reset, card.power_off, card.insert

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """As the card. The command is recorded."""
        data, sw = self.card.transmit(apdu)
        self.exchanges.append(Exchange(apdu, data, sw))
        return data, sw


def listed(exchanges: Iterable[Exchange]) -> str:
    """The commands in their order, one in a line."""
    return "\n".join(f"{number:4}  {exchange}" for number, exchange in enumerate(exchanges, 1))


def download_floor(exchanges: Iterable[Exchange]) -> int:
    """The APDUs that any LPA needs for a download: the channel, and the messages of the download itself."""
    lengths = ((down, up) for down, up in _messages(exchanges) if header(down)[0] not in _OTHER)
    return _CHANNEL + sum(-(-len(down) // _DOWN) + -(-up // _UP) for down, up in lengths)


def _messages(exchanges: Iterable[Exchange]) -> Iterator[tuple[bytes, int]]:
    """Each whole request, and the number of bytes in its answer; a request that is repeated once."""
    answers: dict[bytes, int] = {}
    request, complete = b"", True
    for exchange in exchanges:
        command = exchange.command
        if command[1] == _STORE_DATA:
            request = (b"" if complete else request) + command[5 : 5 + command[4]]
            complete = bool(command[2] & _LAST)
            if complete:
                answers[request] = len(exchange.data)
        elif command[1] == _GET_RESPONSE and complete and request in answers:
            answers[request] += len(exchange.data)
    yield from answers.items()
