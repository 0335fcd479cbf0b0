"""What one command costs on the line, in bytes and elementary time units (etu): T=0 and T=1 of ISO 7816-3.

Times are between the leading edges of characters. A character takes its guard time: 12 etu, and to the card
N more. Where the direction changes, T=0 has 16 etu (as EMV Book 1 §9.2 requires) and T=1 its block guard time
of 22 (§11.4.3). So the model is the fastest exchange that the standards permit.
"""

from __future__ import annotations

from dataclasses import dataclass

from lpa.sim.wire.line_parameters import NO_EXTRA_GUARD, LineParameters

_GUARD, _T0_TURN, _T1_TURN = 12, 16, 22
_HEADER = 5
_PROLOGUE = 3  # NAD, PCB, LEN
IFSD = 254  # what readers ask for after a reset, by S(IFS request)


@dataclass(frozen=True)
class Exchange:
    """What went over the line. `turns`: how often the direction changed to the card and back."""

    to_card: int
    from_card: int
    turns: int


def t0(apdu: bytes, data: int) -> Exchange:
    """The TPDUs of a command of T=0 and its response with so many bytes of `data` (§10.3).

    The card takes the data of a command it refuses, too. If it returns data to a command that has data, the
    reader fetched them with GET RESPONSE.
    """
    to_card, from_card, turns = max(_HEADER, len(apdu)), 2, 1
    if len(apdu) > _HEADER:  # The procedure byte asks for the data; Le is not sent.
        to_card -= len(apdu) == _HEADER + apdu[4] + 1
        from_card, turns = from_card + 1, 2
        if data:
            to_card, from_card, turns = to_card + _HEADER, from_card + 2, turns + 1
    if data:
        from_card += 1 + data
    return Exchange(to_card, from_card, turns)


def t1(apdu: int, data: int, line: LineParameters, extensions: int) -> Exchange:
    """The blocks of a command of T=1 with `apdu` bytes and its response with so many bytes of `data` (§11.6).

    A chained block is acknowledged by an R-block. `extensions`: how often the card asked for more time.
    """
    frame = _PROLOGUE + (2 if line.crc else 1)
    down, up = -(-apdu // line.ifsc) or 1, -(-(data + 2) // IFSD)
    waiting = extensions * (frame + 1)  # S(WTX request) and S(WTX response) have one byte each
    to_card = apdu + (down + up - 1) * frame + waiting
    from_card = data + 2 + (down + up - 1) * frame + waiting
    return Exchange(to_card, from_card, down + up - 1 + extensions)


def size_negotiation(line: LineParameters) -> Exchange:
    """S(IFS request) of the reader and its response (§11.6.2.3)."""
    block = _PROLOGUE + 1 + (2 if line.crc else 1)
    return Exchange(block, block, 1)


def etus(exchange: Exchange, line: LineParameters) -> int:
    """The time of an exchange, to the earliest beginning of the next one."""
    extra, shortest = line.extra_guard, _GUARD
    if extra == NO_EXTRA_GUARD:
        extra, shortest = 0, _GUARD - line.protocol
    down, up = shortest + extra, shortest
    turn = _T1_TURN if line.protocol else _T0_TURN
    both = max(0, turn - down) + max(0, turn - up)
    return exchange.to_card * down + exchange.from_card * up + exchange.turns * both
