"""A simulated card in a virtual reader: the wire between `SimulatedEuicc` and the vpcd driver of pcscd.

The reader is the server. It sends frames: 2 bytes of length, big-endian, then that many bytes. One byte is an
order about power or the ATR, anything longer is an APDU. Only APDUs and the order for the ATR are answered.
"""

from __future__ import annotations

import socket
from threading import Event
from typing import Protocol

from lpa.errors import NoReader

PORT = 0x8C7B  # where Debian's vpcd listens for the card of its first reader; the second is one higher
_POWER_OFF, _POWER_ON, _RESET, _ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_PATIENCE = 0.1  # seconds until `stop` is looked at again


class Card(Protocol):
    """What a reader does with a card."""

    @property
    def atr(self) -> bytes:
        """How the card answers when power comes."""
        ...

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Data and status word of the answer to one command."""
        ...

    def reset(self) -> None:
        """Start afresh: power came, or the reset line was pulled."""
        ...

    def power_off(self) -> None:
        """Power went."""
        ...


def serve(card: Card, host: str = "localhost", port: int = PORT, *, stop: Event | None = None) -> None:
    """Put `card` into the virtual reader at `host`:`port`; return when `stop` is set or the reader goes away.

    Raises `NoReader` if no virtual reader listens there. Leaving takes the card out of the reader.
    """
    stop = stop or Event()
    with _reader(host, port) as reader:
        frames = _Frames(reader, stop)
        powered = False
        while not stop.is_set() and (frame := frames.next()) is not None:
            if frame == _ATR:
                frames.send(card.atr)
            elif frame == _POWER_OFF:
                card.power_off()
                powered = False
            elif frame == _RESET or (frame == _POWER_ON and not powered):
                card.reset()
                powered = True
            elif len(frame) > 1:
                data, sw = card.transmit(frame)
                frames.send(data + sw.to_bytes(2, "big"))


def _reader(host: str, port: int) -> socket.socket:
    try:
        reader = socket.create_connection((host, port), timeout=5)
    except OSError as error:
        raise NoReader(
            f"No virtual card reader listens at {host}:{port}.",
            advice="Install vsmartcard-vpcd and start the smart card service (pcscd).",
        ) from error
    reader.settimeout(_PATIENCE)
    return reader


class _Frames:
    """The frames of one connection. A connection that breaks is a reader that was unplugged: no error."""

    def __init__(self, reader: socket.socket, stop: Event) -> None:
        self._reader = reader
        self._stop = stop
        self._received = b""

    def next(self) -> bytes | None:
        """The next frame, or None when there will be none."""
        header = self._take(2)
        return header and self._take(int.from_bytes(header, "big"))

    def send(self, content: bytes) -> None:
        """Answer, unless the card was pulled while it thought about it."""
        if self._stop.is_set():
            return
        try:
            self._reader.sendall(len(content).to_bytes(2, "big") + content)
        except OSError:
            self._stop.set()

    def _take(self, size: int) -> bytes | None:
        while len(self._received) < size:
            more = self._more()
            if not more:
                return None
            self._received += more
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def _more(self) -> bytes:
        """At least one byte; none when the other end has closed, or `stop` is set."""
        while not self._stop.is_set():
            try:
                _acknowledge_at_once(self._reader)
                return self._reader.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
        return b""


def _acknowledge_at_once(reader: socket.socket) -> None:
    """Have what comes next acknowledged without delay, where the system can (Linux forgets it each time).

    vpcd sends a length and then the frame, and holds the frame back until the length is acknowledged: without
    this every command takes 40 ms.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
