"""A virtual reader (vpcd) in a thread: it sends commands to the card that is inserted, and disconnects."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_PATIENCE = 20  # seconds
ON, ATR = b"\x01", b"\x04"


@dataclass
class ReaderThread:
    """`place`: host and port. `answers`: to the ATR and to each command, in hexadecimal digits."""

    place: str
    answers: list[str] = field(default_factory=list)


@contextmanager
def reader_thread(*commands: str) -> Iterator[ReaderThread]:
    """Accept one card, power it, read its ATR and send it `commands`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_PATIENCE)
        reader = ReaderThread(f"127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_use, args=(listener, reader, commands))
        thread.start()
        try:
            yield reader
        finally:
            thread.join(_PATIENCE)


def _use(listener: socket.socket, reader: ReaderThread, commands: tuple[str, ...]) -> None:
    card, _ = listener.accept()
    with card:
        card.settimeout(_PATIENCE)
        card.sendall(b"\0\x01" + ON)
        for frame in (ATR, *map(bytes.fromhex, commands)):
            card.sendall(len(frame).to_bytes(2, "big") + frame)
            length = card.recv(2, socket.MSG_WAITALL)
            if not length:
                return  # The card was removed.
            size = int.from_bytes(length, "big")
            reader.answers.append(card.recv(size, socket.MSG_WAITALL).hex().upper())
