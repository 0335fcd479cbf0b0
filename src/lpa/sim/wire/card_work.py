"""What a card worked on: a counter that is handed to each place where the card computes or stores."""

from __future__ import annotations

from typing import Literal

Operation = Literal[
    "sign", "verify", "generate_key", "agree_key", "decipher", "write", "erase", "update", "pause"
]


class CardWork:
    """Counts the operations of one card until they are taken.

    `decipher`, `write` and `erase` are counted in bytes; `update` is a change of the memory that takes effect
    as a whole; `pause` is counted in seconds; the others are operations with a key.
    """

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[Operation, int] = {}

    def count(self, operation: Operation, amount: int = 1) -> None:
        """Count an operation, or so many bytes of it."""
        self._counts[operation] = self._counts.get(operation, 0) + amount

    def take(self) -> dict[Operation, int]:
        """What was counted since the last call."""
        taken, self._counts = self._counts, {}
        return taken
