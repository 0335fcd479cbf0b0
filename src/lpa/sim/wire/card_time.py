"""How long a card works: assumptions, not measurements of an eUICC.

Every number of the model that no standard gives is in this file, with its origin. The standards bound none of
them. Replace those that you have measured: `Wire(card_time=CardTime(sign=0.060))`.

ECTester: the tables for 256-bit curves at <https://neuromancer.sk/ECTester/>, of Java Cards of about 2010 to
2016, in which the time of ECDSA has two parts; the first is taken for the signature, the second for the
verification. An eUICC of today has a faster processor; how much faster, we do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lpa.sim.wire.card_work import Operation


@dataclass(frozen=True)
class CardTime:
    """What each operation of a card takes, in seconds; `decipher`, `write` and `erase` for each byte."""

    command: float = 0.002
    """Each command: interrupt, dispatch, access rules. A guess; 1 to 10 ms are plausible."""
    sign: float = 0.150
    """An ECDSA signature. ECTester has 145 to 183 ms; a newer card may need a third."""
    verify: float = 0.200
    """Verifying an ECDSA signature. ECTester has 138 to 231 ms; a newer card may need a third."""
    generate_key: float = 0.250
    """Generating a one-time key. A guess: a scalar multiplication as in a signature, random numbers, and
    storing the key; 100 to 500 ms are plausible."""
    agree_key: float = 0.190
    """An ECDH key agreement. ECTester has 123 to 267 ms; a newer card may need a third."""
    decipher: float = 20e-6
    """A byte of a protected package: AES-CMAC and AES-CBC. A guess; 2 to 50 microseconds are plausible, by
    whether the card has an AES engine."""
    write: float = 20e-6
    """A byte in memory. A guess: flash and EEPROM write a page of 64 to 256 bytes in 1 to 3 ms; 5 to 50
    microseconds are plausible."""
    erase: float = 4e-6
    """A byte of a deleted profile. A guess: a page of 512 to 2048 bytes in 2 to 4 ms. A card that only marks
    the profile as deleted, and erases later, needs nothing."""
    update: float = 0.005
    """Each atomic change of the memory: writing its journal and completing it. A guess; 2 to 20 ms are
    plausible."""
    answer_cycles: int = 20_000
    """Clock cycles between the end of a reset and the ATR. ISO 7816-3 §6.2.2 permits 400 to 40,000."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value >= 0:
                raise ValueError(f"{name} is a time, and not negative: {value}")

    def of(self, work: Mapping[Operation, int]) -> float:
        """The seconds that these operations take; a pause is counted in seconds."""
        worked = {operation: amount for operation, amount in work.items() if operation != "pause"}
        taken = sum(amount * float(getattr(self, operation)) for operation, amount in worked.items())
        return taken + work.get("pause", 0)
