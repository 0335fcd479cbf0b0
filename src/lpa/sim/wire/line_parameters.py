"""What an answer to reset says about the line (ISO 7816-3 §8.3): protocol, speed, guard and waiting times."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Self

# ISO 7816-3 §8.3, tables 7 and 8: TA1 encodes Fi in its first half, Di in its second.
FI = {
    0: 372,
    1: 372,
    2: 558,
    3: 744,
    4: 1116,
    5: 1488,
    6: 1860,
    9: 512,
    10: 768,
    11: 1024,
    12: 1536,
    13: 2048,
}
DI = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 32, 7: 64, 8: 12, 9: 20}
DEFAULT_FI, DEFAULT_DI = 372, 1

NO_EXTRA_GUARD = 255  # TC1: the shortest guard time that the protocol has


@dataclass(frozen=True)
class LineParameters:
    """The parameters of a line. The defaults are those of a card whose ATR has no interface bytes.

    `extra_guard`: N. `waiting`: WI of T=0. `block_waiting`, `ifsc` and `crc`: BWI, IFSC and the kind of check
    of T=1.
    """

    protocol: int = 0
    fi: int = DEFAULT_FI
    di: int = DEFAULT_DI
    extra_guard: int = 0
    waiting: int = 10
    block_waiting: int = 4
    ifsc: int = 32
    crc: bool = False

    @classmethod
    def of(cls, atr: bytes) -> Self:
        """The parameters in `atr`; the defaults for whatever it does not have, or encodes with RFU values."""
        levels = _interface_bytes(atr)
        first = levels[0]
        protocol = first["D"] & 0x0F if "D" in first else 0
        speed = first.get("A", 0x11)
        second = levels[1] if len(levels) > 1 else {}
        # TA, TB and TC of T=1 follow the first TDi, from TD2 on, that names T=1.
        named = (below for above, below in itertools.pairwise(levels[1:]) if above.get("D", 0) & 0x0F == 1)
        t1 = next(named, {})
        return cls(
            protocol=protocol,
            fi=FI.get(speed >> 4, DEFAULT_FI),
            di=DI.get(speed & 0x0F, DEFAULT_DI),
            extra_guard=first.get("C", 0),
            waiting=second.get("C", 10) or 10,
            block_waiting=min(t1.get("B", 0x45) >> 4, 9),
            ifsc=min(t1.get("A", 32) or 32, 254),
            crc=bool(t1.get("C", 0) & 1),
        )


def _interface_bytes(atr: bytes) -> list[dict[str, int]]:
    """TA1, TB1 … by level and letter. A truncated ATR has fewer."""
    rest = iter(atr[1:])
    levels: list[dict[str, int]] = []
    indicator = next(rest, 0)
    while True:
        level = {}
        for position, letter in enumerate("ABCD"):
            if indicator & 0x10 << position and (value := next(rest, None)) is not None:
                level[letter] = value
        levels.append(level)
        if "D" not in level:
            return levels
        indicator = level["D"]
