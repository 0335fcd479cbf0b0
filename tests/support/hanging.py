"""A smart card service that accepts every connection and never answers, and a card that stops answering."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc


@contextmanager
def hanging_service(folder: Path) -> Iterator[Path]:
    """The socket of a service that never answers: the system accepts connections, and nobody reads them."""
    path = folder / "pcscd.comm"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        yield path


class HangingCard:
    """A simulated card that does not answer any more from the first command that has `part` on.

    `carried_out`: it carries that command out. `asked` is set when it gets it, `released` ends the silence.
    """

    def __init__(self, card: SimulatedEuicc, part: str, *, carried_out: bool = False) -> None:
        self._card, self._part, self._carried_out = card, bytes.fromhex(part), carried_out
        self.asked, self.released = Event(), Event()

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if self._part not in apdu or self.released.is_set():
            return self._card.transmit(apdu)
        answer = self._card.transmit(apdu) if self._carried_out else (b"", 0x6F00)
        self.asked.set()
        self.released.wait()
        return answer

    def reset(self) -> None:
        self._card.reset()

    def power_off(self) -> None:
        self._card.power_off()
