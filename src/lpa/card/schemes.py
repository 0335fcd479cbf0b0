"""Open a card by name: in a PC/SC reader, or through a scheme (`sim:PATH`).

A scheme is an entry point in the group `lpa.transports`: its name is the part before the colon, its object
takes the text after it and returns a `Transport`. It is loaded when it is used.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lpa.advice.cards import NAME_READER_OR_SIM, WRITE_SIM
from lpa.card import secure_elements
from lpa.card.apdu import Transport
from lpa.card.es10 import Euicc
from lpa.card.secure_elements import HasAtr
from lpa.errors import NoReader, NoService
from lpa.host.locks import Locks
from lpa.rsp.facts import fact
from lpa.rsp.names import Aid

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

_GROUP = "lpa.transports"
_PATH_BEGINS = (".", "/", "~", "\\")

Opener = Callable[[str], Transport]


class HeldTransport:
    """A transport with a lock, so that one process uses the card at a time; `close` ends both."""

    def __init__(self, transport: Transport, held: contextlib.ExitStack) -> None:
        self._held = held
        self.transmit, self.reset = transport.transmit, transport.reset
        self.atr = transport.atr if isinstance(transport, HasAtr) else b""

    def close(self) -> None:
        """Release the card and its lock."""
        self._held.close()


@fact
class OpenedCard:
    """A card that was opened by name: the whole name, and the open session with its eUICC."""

    transport: Transport
    name: str
    euicc: Euicc


@fact
class SchemeName:
    """A name with an installed scheme: what opens it, the text for that, and the chosen secure element."""

    scheme: str
    opener: Opener
    text: str
    element: int | None


def open_card(
    name: str | None, aids: Sequence[Aid], block_size: int, locks: Locks, first: bytes = b""
) -> OpenedCard:
    """The card in the reader called `name`, or in the only one with an eUICC.

    `first`: as for `IsdrSession`. Raises `NoReader`, `NoCard`, `CardBusy` or another `WireError` if the card
    cannot be opened, and what `IsdrSession` raises.
    """
    named = by_scheme(name)
    if name is not None and named:
        aids = secure_elements.aids_of(named.element, aids)
        transport = _open_held(named, locks)
        return OpenedCard(transport, name, _session(transport, aids, block_size, first))
    from lpa.card.probing import open_chosen  # Here and not above: only this needs pyscard.

    try:
        opened = open_chosen(name, aids, block_size, locks, first)
    except (NoReader, NoService) as problem:
        raise (misunderstood(name) or problem) from None
    euicc = opened.euicc or _session(opened.transport, opened.aids, block_size, first)
    return OpenedCard(opened.transport, opened.choice.name, euicc)


def _session(transport: Transport, aids: Sequence[Aid], block_size: int, first: bytes) -> Euicc:
    """The session with the eUICC behind `transport`, which is closed if there is none."""
    with contextlib.ExitStack() as undo:
        undo.callback(transport.close)
        euicc = Euicc(transport, aids=aids, block_size=block_size, first=first)
        undo.pop_all()
    return euicc


def by_scheme(name: str | None) -> SchemeName | None:
    """What a name with an installed scheme means; None for every other name.

    `#2` behind it is the second secure element, unless there is a file with exactly this name.
    """
    scheme, text = split(name)
    opener = registered(scheme) if scheme else None
    if not opener:
        return None
    element = None
    if not os.path.lexists(text):
        text, element = secure_elements.split(text)
    return SchemeName(scheme, opener, text, element)


def registered(scheme: str) -> Opener | None:
    """The function that opens the cards of a scheme; None if no installed package has it."""
    for found in _installed():
        if found.name == scheme:
            opener: Opener = found.load()
            return opener
    return None


def _installed() -> EntryPoints:
    from importlib.metadata import entry_points  # Here and not above: a reader needs none.

    return entry_points(group=_GROUP)


def misunderstood(name: str | None) -> NoReader | None:
    """The error for a name that is no reader's and looks like a scheme or path; None for any other name."""
    scheme, _ = split(name)
    if scheme:
        installed = sorted({found.name for found in _installed()})
        return NoReader(
            f"No scheme {scheme!r} is installed for {name!r}; installed: {', '.join(installed) or 'none'}.",
            advice=NAME_READER_OR_SIM,
            reason="unknownScheme",
        )
    paths = (name, secure_elements.split(name)[0]) if name else ()
    if name and (name.startswith(_PATH_BEGINS) or any(map(os.path.lexists, paths))):
        return NoReader(
            f"No reader is called {name!r}.", advice=WRITE_SIM.filled(name=name), reason="unknownReader"
        )
    return None


def split(name: str | None) -> tuple[str, str]:
    """The scheme in a reader's name, and the text after it; both empty if there is none.

    A single letter is a drive of Windows. Raises `NoReader` for a name with a null byte: no path can have it.
    """
    if "\0" in (name or ""):
        raise NoReader(f"No reader is called {name!r}: it contains a null byte.", reason="unknownReader")
    found = name and re.fullmatch(r"([A-Za-z][A-Za-z0-9-]+):(.*)", name, re.DOTALL)
    return (found[1].lower(), found[2]) if found else ("", "")


def _open_held(named: SchemeName, locks: Locks) -> Transport:
    with contextlib.ExitStack() as held:
        held.enter_context(
            locks.lock(f"{named.scheme} {os.path.realpath(named.text)}")  # without raising for a loop
        )
        transport = named.opener(named.text)
        held.callback(transport.close)
        return HeldTransport(transport, held.pop_all())
