"""Records everything that is exchanged with a simulated card, as a whole trace.

Law: only a simulated card. What is exchanged with a real one is recorded by `lpa --trace`, without secrets.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from lpa.errors import LpaError
from lpa.rsp.masked import Masked
from lpa.rsp.trace import CardExchange, CardReset, first_line
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc


class RecordedCard:
    """A simulated card whose exchanges are given to `write`, as lines of a trace without line ends.

    It is a `Transport`, like the card, and begins with the first line of a trace and a reset.
    """

    def __init__(self, card: SimulatedEuicc, write: Callable[[str], object]) -> None:
        self._card = card
        self._write = write
        self._record([first_line(whole=True), *CardReset(card.atr).lines()])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._card.atr

    @property
    def inserted(self) -> bool:
        """Whether the card is in its reader."""
        return self._card.inserted

    def insert(self) -> None:
        """Insert a removed card."""
        self._card.insert()

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """What the card answers. Raises what the card raises."""
        try:
            data, sw = self._card.transmit(apdu)
        except LpaError:
            self._record(CardExchange(Masked.of(apdu), None).lines())
            raise
        self._record(CardExchange(Masked.of(apdu), Masked.of(data), sw).lines())
        return data, sw

    def reset(self) -> None:
        """Reset the card."""
        self._card.reset()
        self._record(CardReset(self._card.atr).lines())

    def power_off(self) -> None:
        """Cut the power. The trace shows it by the reset that follows."""
        self._card.power_off()

    def close(self) -> None:
        """Close the card."""
        self._card.close()

    def _record(self, lines: list[str]) -> None:
        for line in lines:
            self._write(line)
