"""Connects a simulated card to a virtual reader, in the protocol of the vpcd driver of pcscd.

The reader is the server. It sends frames: 2 bytes of length, big-endian, then that many bytes. A frame of one
byte controls the power or asks for the ATR; a longer one is an APDU. The card responds only to APDUs and to
the request for the ATR.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event
from typing import Protocol, runtime_checkable

from lpa.advice.simulator import INSTALL_VPCD
from lpa.errors import CardRemoved, NoReader, WireError

PORT = 0x8C7B  # the port of the first reader of Debian's vpcd; the second has the next one
_POWER_OFF, _POWER_ON, _RESET, _ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_POLL = 0.1  # seconds between two checks of `stop`
ABSENCE = 1.0  # seconds until a card that a fault removed is inserted again


class Card(Protocol):
    """A card as a reader uses it."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        ...

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The data and status word of the response to one command. Raises `WireError` on a broken link.

        `CardRemoved` if the card is not in the reader.
        """
        ...

    def reset(self) -> None:
        """Power up the card, or reset it."""
        ...

    def power_off(self) -> None:
        """Cut the power."""
        ...


@runtime_checkable
class Removable(Protocol):
    """A card that faults and other threads can remove."""

    @property
    def inserted(self) -> bool:
        """Whether the card is in the reader."""
        ...

    def insert(self) -> None:
        """Insert the card, if it was removed."""
        ...


def serve(
    card: Card,
    host: str = "localhost",
    port: int = PORT,
    *,
    stop: Event | None = None,
    on_inserted: Callable[[], None] = lambda: None,
    on_removed: Callable[[], None] = lambda: None,
    absence: float | None = ABSENCE,
) -> None:
    """Insert `card` into the virtual reader at `host`:`port`, and remove it on return.

    Returns when `stop` is set or the reader disconnects. Raises `NoReader` if none listens there.
    `on_inserted` is called once the reader has asked for the ATR and got it: that is how it sees a card. The
    connection alone proves nothing, because the system accepts it before the reader does.

    If a `Removable` card is removed, it leaves the reader (`on_removed`) and is inserted after `absence`
    seconds; with None, when another thread inserts it.
    """
    stop = stop or Event()
    while not stop.is_set() and _until_removed(card, host, port, stop, on_inserted):
        on_removed()
        card.power_off()
        if not isinstance(card, Removable):
            return
        if absence is not None:
            stop.wait(absence)
            card.insert()
        while not card.inserted and not stop.wait(_POLL):
            pass


def _is_inserted(card: Card) -> bool:
    return not isinstance(card, Removable) or card.inserted


def _until_removed(card: Card, host: str, port: int, stop: Event, on_inserted: Callable[[], None]) -> bool:
    """Serve until the card is removed, which is True, or the reader disconnects, or `stop` is set."""
    with _reader(host, port) as reader:
        try:
            _converse(card, _Frames(reader, stop, lambda: _is_inserted(card)), stop, on_inserted)
        except CardRemoved:
            return True
    return not _is_inserted(card)


def _converse(card: Card, frames: _Frames, stop: Event, on_inserted: Callable[[], None]) -> None:
    powered = inserted = False
    while not stop.is_set() and (frame := frames.next()) is not None:
        if frame == _ATR:
            frames.send(card.atr)
            if not inserted:
                inserted = True
                on_inserted()
        elif frame == _POWER_OFF:
            card.power_off()
            powered = False
        elif frame == _RESET or (frame == _POWER_ON and not powered):
            card.reset()
            powered = True
        elif len(frame) > 1:
            frames.send(_response(card, frame))


def _response(card: Card, command: bytes) -> bytes:
    """The response to a command; if the answer is lost one byte, which is no response to any program.

    The driver has no frame for an error of the link: an empty one removes the card from the reader.
    """
    try:
        data, sw = card.transmit(command)
    except CardRemoved:
        raise
    except WireError:
        return b"\x00"
    return data + sw.to_bytes(2, "big")


def _reader(host: str, port: int) -> socket.socket:
    try:
        reader = socket.create_connection((host, port), timeout=5)
    except OSError as error:
        raise NoReader(
            f"No virtual card reader listens at {host}:{port}.",
            advice=INSTALL_VPCD,
        ) from error
    reader.settimeout(_POLL)
    return reader


class _Frames:
    """The frames of one connection. A broken connection means an unplugged reader, and is no error."""

    def __init__(self, reader: socket.socket, stop: Event, inserted: Callable[[], bool]) -> None:
        self._reader = reader
        self._stop = stop
        self._inserted = inserted
        self._received = b""

    def next(self) -> bytes | None:
        """The next frame, or None at the end of the connection."""
        header = self._take(2)
        return header and self._take(int.from_bytes(header, "big"))

    def send(self, content: bytes) -> None:
        """Send a frame, unless `stop` is set: a removed card does not respond."""
        if self._stop.is_set():
            return
        try:
            self._reader.sendall(len(content).to_bytes(2, "big") + content)
        except OSError:
            self._reader.close()

    def _take(self, size: int) -> bytes | None:
        while len(self._received) < size:
            more = self._more()
            if not more:
                return None
            self._received += more
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def _more(self) -> bytes:
        """At least one byte; none if the reader has disconnected, the card was removed or `stop` is set."""
        while self._inserted() and not self._stop.is_set():
            try:
                _acknowledge_immediately(self._reader)
                return self._reader.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
        return b""


def _acknowledge_immediately(reader: socket.socket) -> None:
    """Switch off delayed acknowledgements for the next receive, where the system can (Linux).

    vpcd sends the length, waits for its acknowledgement, and then sends the frame: with delayed
    acknowledgements every command takes 40 ms.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
