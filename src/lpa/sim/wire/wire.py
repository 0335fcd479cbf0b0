"""The account of a card's wire: what was sent, how long that takes, and how long the card works.

Nothing waits unless `sleep` is given: a test can state how long a procedure takes at 9600 baud, in
milliseconds of its own time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Self

from lpa.sim.wire import exchanges
from lpa.sim.wire.card_time import CardTime
from lpa.sim.wire.card_work import CardWork, Operation
from lpa.sim.wire.exchanges import Exchange
from lpa.sim.wire.line_parameters import DEFAULT_DI, DEFAULT_FI, DI, FI, LineParameters

_DEFAULT_CLOCK = 4_000_000  # Hz; what many USB readers supply
_TELEPHONE_CLOCK = 3_571_200  # Hz: 372 cycles are a 9600th of a second
BAUD_RATES = tuple(sorted(_TELEPHONE_CLOCK // DEFAULT_FI * di for di in DI.values()))
_RESET_CYCLES = 400  # ISO 7816-3 §6.2.2: RST is low for so long
_PPS = Exchange(4, 4, 1)  # PPSS, PPS0, PPS1, PCK; the card repeats them (§9)
_ASSUMED = CardTime()


@dataclass(frozen=True)
class WireAccount:
    """What went over a wire and how long it took, in seconds. Accounts can be subtracted."""

    commands: int = 0
    bytes_to_card: int = 0
    bytes_from_card: int = 0
    line_seconds: float = 0.0
    card_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """The time of line and card together."""
        return self.line_seconds + self.card_seconds

    def __sub__(self, earlier: WireAccount) -> WireAccount:
        return WireAccount(
            self.commands - earlier.commands,
            self.bytes_to_card - earlier.bytes_to_card,
            self.bytes_from_card - earlier.bytes_from_card,
            self.line_seconds - earlier.line_seconds,
            self.card_seconds - earlier.card_seconds,
        )

    def to_json(self) -> dict[str, int | float]:
        """The account as JSON values, the seconds to a microsecond."""
        values = asdict(self) | {"seconds": self.seconds}
        return {name: round(value, 6) for name, value in values.items()}


class Wire:
    """The wire of one card, and its account since the card was made or `reset` was called.

    `fi`, `di`: the conversion and adjustment factors (ISO 7816-3 §8.3); those of the card's ATR if None.
    Others are counted as if the card offered them. `clock_hz`: the clock that the reader supplies.
    `card_time`: what the card's own work takes. `sleep`: called after each command and power-up with its
    seconds, such as `time.sleep`; by default nothing waits.

    Raises ValueError for factors that the standard does not have, and an impossible clock.
    """

    def __init__(
        self,
        *,
        fi: int | None = None,
        di: int | None = None,
        clock_hz: int = _DEFAULT_CLOCK,
        card_time: CardTime = _ASSUMED,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        if fi not in (None, *FI.values()):
            raise ValueError(f"Fi is one of {', '.join(map(str, sorted({*FI.values()})))}, not {fi}")
        if di not in (None, *DI.values()):
            raise ValueError(f"Di is one of {', '.join(map(str, sorted(DI.values())))}, not {di}")
        if not 1_000_000 <= clock_hz <= 20_000_000:
            raise ValueError(f"a card's clock has 1 to 20 MHz, not {clock_hz} Hz")
        self.clock_hz = clock_hz
        self._fi, self._di = fi, di
        self._card_time = card_time
        self.sleep = sleep
        self._work: CardWork | None = None
        self._line = LineParameters()
        self.reset()

    @classmethod
    def at(
        cls, baud: int, *, card_time: CardTime = _ASSUMED, sleep: Callable[[float], object] | None = None
    ) -> Self:
        """A wire with this speed in bits per second: 9600 times a factor that the standard has.

        The clock is 3.5712 MHz and Fi is 372. Raises ValueError for another speed.
        """
        if baud not in BAUD_RATES:
            raise ValueError(f"the speed is one of {', '.join(map(str, BAUD_RATES))} baud, not {baud}")
        di = baud * DEFAULT_FI // _TELEPHONE_CLOCK
        return cls(fi=DEFAULT_FI, di=di, clock_hz=_TELEPHONE_CLOCK, card_time=card_time, sleep=sleep)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The wire that `text` describes: a speed in baud ("9600"), Fi/Di at 4 MHz ("512/32"), or "atr".

        Raises ValueError for anything else.
        """
        if text == "atr":
            return cls()
        numbers = text.split("/")
        if len(numbers) > 2 or not all(number.isascii() and number.isdecimal() for number in numbers):
            raise ValueError(f"{text!r} is not a speed: write it as 9600 (baud), 512/32 (Fi/Di), or atr")
        first, *rest = (int(number) for number in numbers)
        return cls(fi=first, di=rest[0]) if rest else cls.at(first)

    # The account

    @property
    def account(self) -> WireAccount:
        """The account at this moment, for `since`."""
        return WireAccount(
            self.commands, self.bytes_to_card, self.bytes_from_card, self.line_seconds, self.card_seconds
        )

    @property
    def seconds(self) -> float:
        """The time of line and card together."""
        return self.line_seconds + self.card_seconds

    @property
    def baud(self) -> float:
        """The speed in bits per second."""
        return self.clock_hz * self.di / self.fi

    @property
    def fi(self) -> int:
        """The clock rate conversion factor."""
        return self._line.fi if self._fi is None else self._fi

    @property
    def di(self) -> int:
        """The baud rate adjustment factor."""
        return self._line.di if self._di is None else self._di

    def since(self, earlier: WireAccount) -> WireAccount:
        """The account since an earlier value of `account`."""
        return self.account - earlier

    def reset(self) -> None:
        """Begin the account anew."""
        self.commands = 0
        self.bytes_to_card = 0
        self.bytes_from_card = 0
        self.line_seconds = 0.0
        """The time in which the line was in use."""
        self.card_seconds = 0.0
        """The time in which the card worked."""
        self.operations: Counter[Operation] = Counter()
        """What the card worked on: operations with keys, and bytes deciphered, written and erased."""
        if self._work:
            self._work.take()

    # The card's side

    def attach(self, atr: bytes, work: CardWork) -> None:
        """Be the wire of the card with this ATR. Raises ValueError if it is the wire of another card."""
        if self._work not in (None, work):
            raise ValueError("a wire belongs to one card; make another one")
        self._work = work
        self._line = LineParameters.of(atr)
        work.take()

    def power_up(self, atr: bytes) -> None:
        """Count a reset, the ATR, and PPS and S(IFS) where they are needed."""
        waited = (_RESET_CYCLES + self._card_time.answer_cycles) / self.clock_hz
        self.line_seconds += waited
        first_etu = DEFAULT_FI / DEFAULT_DI / self.clock_hz
        first_line = LineParameters(extra_guard=self._line.extra_guard)
        waited += self._send(Exchange(0, len(atr), 0), first_etu, first_line)
        if (self.fi, self.di) != (DEFAULT_FI, DEFAULT_DI):
            waited += self._send(_PPS, first_etu, first_line)
        if self._line.protocol == 1:
            waited += self._send(exchanges.size_negotiation(self._line), self._etu, self._line)
        self._wait(waited + self._work_done())

    def command(self, apdu: bytes, data: bytes) -> None:
        """Count a command and its response with `data`, and what the card did for it."""
        worked = self._card_time.command + self._work_done()
        self.card_seconds += self._card_time.command
        self.commands += 1
        if self._line.protocol == 1:
            extensions = int(worked / self._block_waiting_time)
            exchange = exchanges.t1(len(apdu), len(data), self._line, extensions)
        else:
            exchange = exchanges.t0(apdu, len(data))
            self.bytes_from_card += int(worked / self._work_waiting_time)  # NULL bytes, sent while it works
        self._wait(worked + self._send(exchange, self._etu, self._line))

    @property
    def _etu(self) -> float:
        return self.fi / self.di / self.clock_hz

    @property
    def _work_waiting_time(self) -> float:
        """T=0: how long a card may be silent (§10.2)."""
        return self._line.waiting * 960 * self.fi / self.clock_hz

    @property
    def _block_waiting_time(self) -> float:
        """T=1: how long a card may be silent (§11.4.3)."""
        return 11 * self._etu + (960 * DEFAULT_FI << self._line.block_waiting) / self.clock_hz

    def _send(self, exchange: Exchange, etu: float, line: LineParameters) -> float:
        seconds = exchanges.etus(exchange, line) * etu
        self.bytes_to_card += exchange.to_card
        self.bytes_from_card += exchange.from_card
        self.line_seconds += seconds
        return seconds

    def _work_done(self) -> float:
        """Count what the card worked on since the last command; returns its seconds."""
        if not (self._work and (done := self._work.take())):
            return 0.0
        self.operations.update(done)
        seconds = self._card_time.of(done)
        self.card_seconds += seconds
        return seconds

    def _wait(self, seconds: float) -> None:
        if self.sleep:
            self.sleep(seconds)
