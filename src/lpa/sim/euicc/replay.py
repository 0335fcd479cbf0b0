"""A card that answers as a trace says it did: the replay of a recording.

Strict, it insists on the commands of the trace in their order. Lenient, it answers each command with the next
recorded answer to it: behind the one that it gave last, and then from the beginning. Hidden bytes of a
recorded command stand for any bytes, and hidden bytes of an answer are given as zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from lpa.advice.simulator import REPLAY_LENIENTLY
from lpa.errors import CardUnpowered, LpaError
from lpa.rsp.trace import CardExchange, CardReset, Trace
from lpa.sim.euicc import likeness

UNKNOWN, UNKNOWN_INSTRUCTION = 0x6F00, 0x6D00
# T=0; historical bytes: selection by name and path, logical channels (ISO 7816-3 §8, 7816-4 §12.1.1)
DEFAULT_ATR = bytes.fromhex("3B1796 8031E073FE2113")

_LIKENESSES = (likeness.same, likeness.same_on_another_channel, likeness.same_function)


class ReplayFailed(LpaError):
    """A command is not the one that the trace has next. The message has its line, and both commands."""

    advice = REPLAY_LENIENTLY


class Replay:
    """A card that replays a trace; a `Transport`, and a card for `vpcd.serve`. `with` closes it.

    `failure`: the first unexpected command of a strict replay. The end of the block raises it again, if it
    was caught meanwhile: a test must not pass by it.
    """

    def __init__(self, trace: Trace, *, lenient: bool = False) -> None:
        """Raises ValueError if nothing was exchanged with a card in the trace."""
        self._exchanges = [event for event in trace.events if isinstance(event, CardExchange)]
        if not self._exchanges:
            raise ValueError("the trace has no exchange with a card")
        resets = [event.atr for event in trace.events if isinstance(event, CardReset) and event.atr]
        self.atr = resets[0] if resets else DEFAULT_ATR
        """The answer to reset: the first in the trace."""
        self.failure: ReplayFailed | None = None
        self._lenient = lenient
        self._next = 0

    @classmethod
    def load(cls, path: Path | str, *, lenient: bool = False) -> Self:
        """Replay the trace in the file `path`. Raises OSError, and ValueError if it is no trace."""
        text = Path(path).read_bytes().decode(errors="replace")
        return cls(Trace.parse(text), lenient=lenient)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if self.failure and error is None:
            raise self.failure

    @property
    def remaining(self) -> int:
        """How many recorded commands follow the last one that was answered."""
        return len(self._exchanges) - self._next

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The recorded answer. Raises `CardUnpowered` if none came then; strict, `ReplayFailed`.

        Lenient, the answer to a command that was not recorded is 6D00 if its instruction was not either,
        else 6F00.
        """
        place = self._similar(apdu) if self._lenient else self._expected(apdu)
        if place is None:
            known = any(likeness.same_instruction(one.command, apdu) for one in self._exchanges)
            return b"", UNKNOWN if known else UNKNOWN_INSTRUCTION
        self._next = place + 1
        exchange = self._exchanges[place]
        if exchange.data is None:
            raise CardUnpowered(f"In line {exchange.line} of the trace the card did not answer.")
        return exchange.data.filled(), exchange.sw

    def reset(self) -> None:
        """Start the trace over if all of it was replayed. Other resets are not compared with the trace."""
        if not self.remaining:
            self._next = 0

    def power_off(self) -> None:
        """Do nothing: readers cut the power whenever they like."""

    def close(self) -> None:
        """Do nothing: what was replayed stays so."""

    def _expected(self, apdu: bytes) -> int:
        if not self.remaining:
            raise self._failed(f"The trace ends with line {self._exchanges[-1].line}, and the command", apdu)
        exchange = self._exchanges[self._next]
        if not likeness.same(exchange.command, apdu):
            raise self._failed(f"Line {exchange.line} of the trace has {exchange.command}, and", apdu)
        return self._next

    def _failed(self, what: str, apdu: bytes) -> ReplayFailed:
        failed = ReplayFailed(f"{what} {likeness.without_secrets(apdu)} was sent.")
        self.failure = self.failure or failed
        return failed

    def _similar(self, apdu: bytes) -> int | None:
        """The place of the next command that is the same; else the same on another channel; else varying."""
        for alike in _LIKENESSES:
            for place in self._round():
                if alike(self._exchanges[place].command, apdu):
                    return place
        return None

    def _round(self) -> Iterator[int]:
        yield from range(self._next, len(self._exchanges))
        yield from range(self._next)
