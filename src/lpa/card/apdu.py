"""Commands on a logical channel of a card, and requests of any length to the ISD-R on it.

Law: the status words of ES10 are handled in this file. Below it are APDUs, above it ES10 messages.
"""

from __future__ import annotations

import logging
import os
from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from lpa import redaction, stop
from lpa.advice.cards import LARGER_BLOCKS, OPEN_IN_FORK
from lpa.card import foreign
from lpa.card.secure_elements import HasAtr
from lpa.errors import BadAnswer, CardBusy, LpaError, WireError
from lpa.rsp.limits import ANSWER_BYTES, ANSWER_ROUNDS, BLOCKS
from lpa.rsp.names import Aid

if TYPE_CHECKING:
    from lpa.card.traffic import TrafficRedactor

TRAFFIC = redaction.TRAFFIC
_log = redaction.logger(__name__)
logging.addLevelName(TRAFFIC, "TRAFFIC")

# Bytes of data in one APDU. The AT interface of some modems accepts no more than the smallest.
LARGEST_BLOCK = 255
SMALLEST_BLOCK = 6

# SW1 68: the card rejects the class byte, so it has not carried out the command (ISO 7816-4 §5.6).
CHANNEL_NOT_OPEN = 0x6881
CHANNEL_CLOSED = "channelClosed"


class Transport(Protocol):
    """The connection to a powered card. It exchanges bytes and does not interpret them.

    Each method raises a `WireError` if the card cannot be reached. Any other error becomes one, or
    `OutcomeUnknown` during a change; a TimeoutError becomes `TimedOut`. What `close` raises is logged.
    """

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The data and status word that answer a command.

        The command has an Le (`00`) where the answer may have data; a transport with T=0 removes it.
        """

    def reset(self) -> None:
        """Power the card off and on, which ends its channels and sessions."""

    def close(self) -> None:
        """Release the card for other programs."""


class Transmits(Protocol):
    """What takes commands and answers them, as `Transport.transmit` does."""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The data and status word that answer a command."""


class ChannelCommands:
    """Commands on one logical channel of a card (0 is the basic one), and their complete answers."""

    def __init__(self, transport: Transmits) -> None:
        self._transport = transport
        self._process = os.getpid()
        self._redactor: TrafficRedactor | None = None  # made when traffic is logged
        self.channel = 0

    @property
    def interindustry(self) -> int:
        """The class byte of the commands of ISO 7816-4 on this channel."""
        return self.channel if self.channel < 4 else 0x40 | self.channel - 4

    def complete(self, command: bytes) -> tuple[bytes, int]:
        """The complete answer to one command."""
        return self.fetched(*self.with_length(command))

    def fetched(self, data: bytes, sw: int) -> tuple[bytes, int]:
        """The complete answer that begins with `data`: the rest is fetched while the status is 61xx."""
        answer, rounds = bytearray(data), 0
        while sw >> 8 == 0x61:
            rounds += 1
            data, sw = self._with_length(bytes([self.interindustry, 0xC0, 0x00, 0x00, sw & 0xFF]))
            answer += data
            endless = len(answer) > ANSWER_BYTES or rounds > ANSWER_ROUNDS
            if endless or (sw >> 8 == 0x61 and not data):
                raise BadAnswer(f"The card's answer did not end after {len(answer)} bytes.", sw=sw)
        return bytes(answer), sw

    def with_length(self, command: bytes) -> tuple[bytes, int]:
        """The answer to one command, which is repeated with the correct Le if the card names it (6Cxx)."""
        stop.check()
        return self._with_length(command)

    def transmit(self, command: bytes) -> tuple[bytes, int]:
        """The immediate answer to one command. Both are logged, without secrets."""
        stop.check()
        return self.finish(command)

    def finish(self, command: bytes) -> tuple[bytes, int]:
        """As `transmit`, for a command that belongs to the one before it: no stop comes between the two."""
        if os.getpid() != self._process:
            raise CardBusy("The card belongs to the process that forked this one.", advice=OPEN_IN_FORK)
        try:
            data, sw = foreign.answer(foreign.called(self._transport.transmit, command))
        except LpaError:
            self._log_traffic(command, None)
            raise
        self._log_traffic(command, data, sw)
        return data, sw

    def _with_length(self, command: bytes) -> tuple[bytes, int]:
        data, sw = self.finish(command)
        if sw >> 8 == 0x6C:
            has_le = len(command) == 5 or len(command) > 5 + command[4]
            data, sw = self.finish((command[:-1] if has_le else command) + bytes([sw & 0xFF]))
        return data, sw

    def _log_traffic(self, command: bytes, answer: bytes | None, sw: int = 0) -> None:
        if _log.isEnabledFor(TRAFFIC):
            from lpa.card.traffic import TrafficRedactor
            from lpa.rsp.trace import TRACE_LINES

            self._redactor = self._redactor or TrafficRedactor()
            exchange = self._redactor.redacted(command, answer, sw)
            _log.log(TRAFFIC, "%s", exchange.in_log(), extra={TRACE_LINES: exchange.lines()})


class Es10Channel(ABC):
    """A channel on which an ISD-R answers requests of any length: what all kinds of channels share.

    `with` closes it. Every method but `close` raises `WireError` and `BadAnswer`.
    """

    basic_only = False
    """Whether no other channel than the basic one serves the ISD-R of this card."""

    def __init__(self, transport: Transmits, block_size: int) -> None:
        if not SMALLEST_BLOCK <= block_size <= LARGEST_BLOCK:
            raise ValueError(f"a block has {SMALLEST_BLOCK} to {LARGEST_BLOCK} bytes, not {block_size}")
        self._wire = ChannelCommands(transport)
        self._largest_block = block_size
        self._block_size = block_size  # reduced if the card rejects it
        self._le = b"\0"  # of STORE DATA; omitted if the card rejects it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    @abstractmethod
    def basic(self) -> bool:
        """Whether it is the basic channel, which all programs share."""

    @property
    @abstractmethod
    def last(self) -> bool:
        """Whether there is no other channel to try."""

    @abstractmethod
    def select(self, aid: Aid) -> bool:
        """Select the application `aid` on this channel; whether the card has it."""

    @abstractmethod
    def fall_back(self, sw: int) -> bool:
        """Go on with another channel if a status may mean that the card does not serve the ISD-R on this one.

        Whether it does. Then nothing is selected yet.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the channel. Raises no `LpaError`: a card that cannot be reached has closed it anyway."""

    @property
    def longest_request(self) -> int:
        """The number of bytes that fit into the blocks of one request."""
        return BLOCKS * self._largest_block

    def exchange(self, request: bytes | memoryview) -> bytes:
        """The answer to an ES10 request, both complete and up to 64 kB long (SGP.22 §5.7.2).

        A card that rejects the length of a block has not acted on it, so the request is repeated in smaller
        blocks, as long as it fits into them; one that fits into the smallest, without Le. A card that has an
        answer to fetch has acted, so from then on nothing is repeated. Raises `WireError` for more than
        `longest_request`, before anything is sent, and `BadAnswer` with `CHANNEL_CLOSED` if the card rejects
        a block because the channel is not open: then it has not carried out the request.
        """
        smallest = self._smallest_block(request)
        while True:
            size = min(len(request), max(self._block_size, smallest))
            answer, sw = self._store_data(request, size)
            if sw != 0x6700 or size <= smallest:
                break
            self._block_size = max(size // 2, smallest)
            _log.debug("the card rejects the length: trying blocks of %d bytes", self._block_size)
        if sw == 0x6700 and self.last and self._le and len(request) <= SMALLEST_BLOCK:
            answer, sw = self._without_le(request)
        rejected = sw >> 8 == 0x68
        answer, sw = self._wire.fetched(answer, sw)
        if not successful(sw):
            reason = CHANNEL_CLOSED if rejected else None
            raise BadAnswer(f"The card answered with status {sw:04X}: {_meaning(sw)}.", sw=sw, reason=reason)
        return answer

    def _without_le(self, request: bytes | memoryview) -> tuple[bytes, int]:
        """The answer to a request so short that only its Le can be wrong. If so, none is sent from then on.

        Only on the last channel: on another one, 6700 means more often that the ISD-R is not served there.
        """
        self._le = b""
        answer, sw = self._store_data(request, len(request))
        if sw == 0x6700:
            self._le = b"\0"
        else:
            _log.debug("the card rejects STORE DATA with Le: it is omitted")
        return answer, sw

    def _smallest_block(self, request: bytes | memoryview) -> int:
        """The smallest block size with which the request fits into `BLOCKS` blocks."""
        if len(request) > self.longest_request:
            raise WireError(
                f"The request is too long for the card: {len(request)} bytes do not fit "
                f"into {BLOCKS} blocks of {self._largest_block}.",
                advice=LARGER_BLOCKS,
            )
        return max(SMALLEST_BLOCK, -(-len(request) // BLOCKS))

    def _store_data(self, request: bytes | memoryview, size: int) -> tuple[bytes, int]:
        """Send a request in STORE DATA blocks: the answer to the last, or to the first that is refused."""
        blocks = [request[start : start + size] for start in range(0, len(request), size)]
        for number, block in enumerate(blocks[:-1]):
            answer, sw = self._wire.complete(self._block(0x11, number, block))
            if not successful(sw):
                return answer, sw
            if answer:
                raise BadAnswer(f"The card answered {len(answer)} bytes before it had the whole request.")
        return self._wire.with_length(self._block(0x91, len(blocks) - 1, blocks[-1]))

    def _block(self, p1: int, number: int, data: bytes | memoryview) -> bytes:
        return bytes([0x80 | self._wire.interindustry, 0xE2, p1, number, len(data)]) + data + self._le


def log_start(transport: Transport) -> None:
    """Log that a card was connected or reset."""
    if _log.isEnabledFor(TRAFFIC):
        from lpa.rsp.trace import TRACE_LINES, CardReset

        start = CardReset(transport.atr if isinstance(transport, HasAtr) else b"")
        known = f"its ATR is {start.atr.hex()}" if start.atr else "its ATR is not known"
        _log.log(TRAFFIC, "the card was connected or reset; %s", known, extra={TRACE_LINES: start.lines()})


def successful(sw: int) -> bool:
    """Whether a status is 9000, a warning, or 91xx, 92xx, 9Fxx: done, with information for the device."""
    if sw >> 8 in (0x62, 0x63):
        _log.debug("the card warns: %04X", sw)
    return sw == 0x9000 or sw >> 8 in (0x62, 0x63, 0x91, 0x92, 0x9F)


def _meaning(sw: int) -> str:
    meanings = {
        0x6581: "memory failure",
        0x6700: "wrong length",
        0x6881: "the logical channel is not open",
        0x6982: "security status not satisfied",
        0x6985: "conditions not satisfied",
        0x6A80: "malformed data",
        0x6A84: "not enough memory",
        0x6A88: "unknown data object",
        0x6D00: "unknown instruction",
        0x6E00: "unknown class",
        0x6F00: "internal error, or lost answer",
    }
    return meanings.get(sw, "not defined by SGP.22")
