"""Two ways to a channel: open it on the card (`Channel`), or have a modem or phone do it (`LogicalChannel`).

Law: which of the two a transport needs is decided in this file, and nowhere else.
"""

from __future__ import annotations

import contextlib
from typing import Protocol, TypeAlias, runtime_checkable

from lpa import redaction
from lpa.advice.cards import CHANNEL_NOT_IN_CLASS, USE_CARD_READER
from lpa.card import foreign
from lpa.card.apdu import (
    CHANNEL_CLOSED,
    CHANNEL_NOT_OPEN,
    LARGEST_BLOCK,
    Es10Channel,
    Transport,
    log_start,
    successful,
)
from lpa.errors import BadAnswer, LpaError, Refused
from lpa.rsp.names import Aid

_log = redaction.logger(__name__)

# TS 102 221 §11.1.19: no extended power or contactless support; LPA in the device (LUId, LPDd and LDSd).
_TERMINAL_CAPABILITY = bytes.fromhex("80AA00000A A908 8100 820101 830107")
_OPEN_CHANNEL = bytes.fromhex("0070000001")
# Refusals of cards that open a logical channel and then do not serve the ISD-R on it: wrong length, wrong
# parameters, unknown instruction, unknown class. So is 68xx (no such channel). The basic channel works.
_NOT_ON_THIS_CHANNEL = (0x6700, 0x6A86, 0x6B00, 0x6D00, 0x6E00)
_LAST_CHANNEL = 19  # that a class byte can name (ISO 7816-4 §5.4.1)


@runtime_checkable
class LogicalTransport(Protocol):
    """What modems (AT, QMI, MBIM) and Android give of their card: channels to its applications, and no reset.

    The system behind it announces the LPA to the card (TERMINAL CAPABILITY), opens a channel and selects the
    application on it (MANAGE CHANNEL, SELECT). `lpa` sends none of these, and never uses the basic channel.
    Errors are treated as those of a `Transport`.
    """

    @property
    def can_reset(self) -> bool:
        """False: nothing here restarts the card. `lpa` closes the channel and opens it again instead."""

    @property
    def channel_in_class(self) -> bool:
        """Whether `lpa` writes the number of the channel into the class byte of each command.

        `AT+CGLA` wants it there. Then a channel has the number that it has on the card, 0 to 19. False if the
        system writes it, as Android's OMAPI does: then the class bytes are those of the basic channel, and a
        channel may have any number.
        """

    def open(self, aid: bytes) -> int | None:
        """Open a channel, and select an application on it. The channel; None if the card has none with `aid`.

        Raise an error if the system does not say why it could not be opened: the next AID is tried then.
        The answer to the SELECT is not needed.
        """

    def transmit(self, channel: int, apdu: bytes) -> tuple[bytes, int]:
        """The data and status word that answer a command on a channel.

        The command has an Le (`00`). If the status is 61xx, `lpa` fetches the rest of the data, and if it is
        6Cxx, it repeats the command; a system may do both by itself.
        """

    def close_channel(self, channel: int) -> None:
        """Close a channel: a card has few."""

    def close(self) -> None:
        """Release the card for other programs."""


AnyTransport: TypeAlias = Transport | LogicalTransport


def opened(transport: AnyTransport, *, block_size: int, basic: bool) -> Es10Channel:
    """A channel of a card that was just connected to or reset. Arguments as for `Channel`.

    Raises TypeError for an object that is no transport.
    """
    expect_transport(transport)
    if isinstance(transport, LogicalTransport):
        return LogicalChannel(transport, block_size=block_size)
    return Channel(transport, block_size=block_size, basic=basic)


def expect_transport(transport: object) -> None:
    """Raise TypeError for an object that is no transport."""
    methods = ("transmit", "reset", "close")
    if not isinstance(transport, LogicalTransport) and not all(hasattr(transport, one) for one in methods):
        kind = type(transport).__name__
        raise TypeError(f"{kind} lacks methods or attributes of Transport, or of LogicalTransport")


def can_reset(transport: AnyTransport) -> bool:
    """Whether the card behind `transport` can be reset."""
    return not isinstance(transport, LogicalTransport)


def reset(transport: AnyTransport) -> None:
    """Reset the card. Over a `LogicalTransport` that is not possible: the next channel begins anew."""
    if not isinstance(transport, LogicalTransport):
        foreign.called(transport.reset)


def with_basic_channel(transport: AnyTransport) -> Transport:
    """`transport`, if it reaches the basic channel. Raises `Refused` ("noBasicChannel") if it does not."""
    if isinstance(transport, LogicalTransport):
        raise Refused(
            "ReadFile",
            "noBasicChannel",
            "The files of a profile cannot be read here: the modem or phone gives no access to them.",
            advice=USE_CARD_READER,
        )
    return transport


class Channel(Es10Channel):
    """A logical channel of a card, opened by MANAGE CHANNEL, or the basic one if the card has no other."""

    def __init__(self, transport: Transport, *, block_size: int = LARGEST_BLOCK, basic: bool = False) -> None:
        """Open a channel of a card that was just connected to or reset: the LPA is announced to it first.

        `block_size`: bytes of a request per APDU, 6 to 255. Some modems lose bytes of longer ones.
        `basic`: use the basic channel, because the card serves the ISD-R on no other (see `fall_back`).
        """
        super().__init__(transport, block_size)
        log_start(transport)
        self.basic_only = basic
        # Unasked and without regard to the answer: some cards refuse ES10 (6982) until it came, and do not
        # announce in their MF that they want it.
        self._wire.transmit(_TERMINAL_CAPABILITY)
        if not basic:
            self._open()

    @property
    def basic(self) -> bool:
        """Whether it is the basic channel, which all programs share: the card had no other that works."""
        return self._wire.channel == 0

    @property
    def last(self) -> bool:
        """Whether it is the basic channel: that is tried when the card serves the ISD-R on no other."""
        return self.basic

    def select(self, aid: Aid) -> bool:
        """Select the application `aid` on this channel; whether the card has it (ISO 7816-4).

        The description of the application (FCI) is not fetched: an ES10 answer proves more. A card that does
        not serve this channel is asked again on the basic one.
        """
        command = bytes([self._wire.interindustry, 0xA4, 0x04, 0x00, len(aid.coded)]) + aid.coded + b"\0"
        _, sw = self._wire.transmit(command)
        if self.fall_back(sw):
            return self.select(aid)
        return sw >> 8 in (0x61, 0x62, 0x90)

    def fall_back(self, sw: int) -> bool:
        """Close this logical channel and go on with the basic one, if `sw` may mean that only that works."""
        if self.basic or not (sw >> 8 == 0x68 or sw in _NOT_ON_THIS_CHANNEL):
            return False
        _log.debug("the ISD-R is not served on channel %d: using the basic one", self._wire.channel)
        self.close()
        self.basic_only = True
        return True

    def close(self) -> None:
        """Close the channel. Raises no `LpaError`: a card that cannot be reached has closed it anyway."""
        number, self._wire.channel = self._wire.channel, 0
        if number:
            with contextlib.suppress(LpaError):
                self._wire.finish(bytes([0x00, 0x70, 0x80, number]))

    def _open(self) -> None:
        """Open a logical channel; if the card has none, use the basic one (0)."""
        try:
            answer, sw = self._wire.complete(_OPEN_CHANNEL)
        except BadAnswer as error:
            answer, sw = b"", error.sw
        if successful(sw) and len(answer) == 1 and 1 <= answer[0] <= 19:
            self._wire.channel = answer[0]
        else:
            _log.debug("no logical channel (%04X): using the basic one", sw)


class LogicalChannel(Es10Channel):
    """A channel that the system behind a `LogicalTransport` opens and closes.

    After an error of the transport it is closed, because it is not known what the card still answers.
    """

    basic = False
    last = True

    def __init__(self, transport: LogicalTransport, *, block_size: int = LARGEST_BLOCK) -> None:
        """`block_size` as for `Channel`. The channel is opened by `select`."""
        self._transport = transport
        self._number: int | None = None
        super().__init__(self, block_size)

    def select(self, aid: Aid) -> bool:
        """Have a channel opened to the application `aid`; whether the card has it."""
        self.close()
        number = foreign.number(foreign.called(self._transport.open, aid.coded))
        if number is None:
            return False
        self._number = number
        if self._transport.channel_in_class:
            if number > _LAST_CHANNEL:
                self.close()
                raise BadAnswer(
                    f"The transport opened channel {number}, which no class byte can name.",
                    advice=CHANNEL_NOT_IN_CLASS,
                )
            self._wire.channel = number
        return True

    def exchange(self, request: bytes | memoryview) -> bytes:
        """As `Es10Channel.exchange`. Nothing is sent on a channel that was closed."""
        if self._number is None:
            raise BadAnswer("The channel was closed.", sw=CHANNEL_NOT_OPEN, reason=CHANNEL_CLOSED)
        return super().exchange(request)

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The answer to one command, for `ChannelCommands`."""
        try:
            return self._transport.transmit(self._number or 0, apdu)
        except Exception:
            self.close()
            raise

    def fall_back(self, sw: int) -> bool:  # noqa: ARG002 (as for `Channel`)
        """There is no other channel."""
        return False

    def close(self) -> None:
        """Close the channel. Raises no `LpaError`: a card that cannot be reached has closed it anyway."""
        number, self._number, self._wire.channel = self._number, None, 0
        if number is not None:
            with contextlib.suppress(LpaError):
                foreign.called(self._transport.close_channel, number)
