"""Open a card by name: in a PC/SC reader, or through a scheme (`sim:PATH`).

A scheme is an entry point in the group `lpa.transports`: its name is the part before the colon, its object
takes the text after it and returns a `Transport`. It is loaded when it is used.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from lpa.card.apdu import Transport
from lpa.errors import NoReader
from lpa.host.locks import Locks
from lpa.rsp.names import Aid

_GROUP = "lpa.transports"

Opener = Callable[[str], Transport]


class HeldTransport:
    """A transport with a lock, so that one process uses the card at a time; `close` ends both."""

    def __init__(self, transport: Transport, held: contextlib.ExitStack) -> None:
        self._held = held
        self.transmit, self.reset = transport.transmit, transport.reset

    def close(self) -> None:
        """Release the card and its lock."""
        self._held.close()


def open_transport(
    name: str | None, aids: Sequence[Aid], block_size: int, locks: Locks
) -> tuple[Transport, str]:
    """The card in the reader called `name`, or in the only one with an eUICC; and the reader's name.

    Raises `NoReader`, `NoCard`, `CardBusy` or another `WireError` if the card cannot be opened.
    """
    scheme, rest = split(name)
    opener = registered(scheme) if scheme else None
    if name is not None and opener:
        return _open_held(opener, scheme, rest, locks), name
    from lpa.card.pcsc import PcscTransport  # Here and not above: only this needs pyscard.
    from lpa.card.probing import choose

    reader = choose(name, aids, block_size, locks).name
    return PcscTransport.open(reader, locks), reader


def split(name: str | None) -> tuple[str, str]:
    """The scheme in a reader's name, and the text after it; both empty if there is none.

    Raises `NoReader` for a name with a null byte, which no path can have.
    """
    if "\0" in (name or ""):
        raise NoReader(f"No reader is called {name!r}: it contains a null byte.")
    found = re.fullmatch(r"([a-z][a-z0-9-]*):(.*)", name or "", re.DOTALL)
    return (found[1], found[2]) if found else ("", "")


def registered(scheme: str) -> Opener | None:
    """The function that opens the cards of a scheme; None if no installed package has it."""
    for found in entry_points(group=_GROUP, name=scheme):
        opener: Opener = found.load()
        return opener
    return None


def _open_held(opener: Opener, scheme: str, rest: str, locks: Locks) -> Transport:
    with contextlib.ExitStack() as held:
        held.enter_context(locks.lock(f"{scheme} {os.path.realpath(rest)}"))  # without raising for a loop
        transport = opener(rest)
        held.callback(transport.close)
        return HeldTransport(transport, held.pop_all())
