"""Find the eUICC: probe every reader, and keep the problem of each without one.

An empty reader or an ordinary SIM beside the eUICC is ignored. With two eUICCs the user must choose one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lpa.card import secure_elements, timeouts
from lpa.card.apdu import LARGEST_BLOCK
from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.card.pcsc import PcscTransport, Reader, readers
from lpa.card.secure_elements import SecureElement
from lpa.card.side_by_side import side_by_side
from lpa.errors import (
    BadAnswer,
    CardBusy,
    CardUnpowered,
    EuiccRefused,
    LpaError,
    NoCard,
    NoReader,
    TimedOut,
)
from lpa.host.locks import Locks
from lpa.rsp.names import Aid, Eid


@dataclass(frozen=True)
class Probe:
    """The result for a reader: the EID of its eUICC, or the `problem` that explains why there is none.

    `others`: the other secure elements of the card, each an eUICC of its own.
    """

    reader: Reader
    eid: Eid | None = None
    problem: LpaError | None = None
    others: tuple[SecureElement, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The reader that a person chose, and the number of the secure element, if they chose one."""

    reader: Reader
    element: int | None = None

    @property
    def name(self) -> str:
        """The whole name of the reader, with the number of the secure element."""
        return secure_elements.joined(self.reader.name, self.element)


def probe(
    reader: Reader,
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    locks: Locks | None = None,
) -> Probe:
    """Open the card in `reader` and read its EID. Raises no `LpaError`.

    `locks`: with which to wait for another lpa; those of this computer if None.
    """
    if not reader.present:
        return Probe(reader, problem=NoCard(f"There is no card in {reader.name!r}."))
    try:
        with (
            timeouts.using(timeouts.current().to_search()),
            PcscTransport.open(reader.name, locks or Locks.of_host()) as transport,
            Euicc(transport, aids=aids, block_size=block_size) as euicc,
        ):
            return Probe(reader, euicc.eid, others=euicc.other_elements())
    except LpaError as problem:
        return Probe(reader, problem=problem)


def probe_all(
    connected: Sequence[Reader],
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    locks: Locks | None = None,
) -> list[Probe]:
    """As `probe`, for each of the readers, all at once. In their order."""
    return side_by_side([partial(probe, reader, aids, block_size, locks) for reader in connected])


def choose(
    name: str | None = None,
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    locks: Locks | None = None,
) -> Choice:
    """The reader called `name`, or the only one that holds an eUICC.

    `name`: the reader's name, a part of it that no other reader has, or its position in the list, from 0.
    `#2` behind it, or alone, means the card's second secure element, unless a reader's own name has it.
    `locks` as for `probe`.
    Raises `NoReader` if there is no such reader, or if none or several hold an eUICC. If none does, the most
    useful problem of a reader sets the class of the error. A single reader is returned without a probe.
    """
    connected = readers()
    if not connected:
        raise NoReader("There is no card reader.")
    element = None
    if name is not None and not _fitting(name, connected):
        name, element = secure_elements.split(name)
    return Choice(_chosen(name or None, connected, aids, block_size, locks), element)


def _chosen(
    name: str | None, connected: tuple[Reader, ...], aids: Sequence[Aid], block_size: int, locks: Locks | None
) -> Reader:
    if name is not None:
        return _called(name, connected)
    if len(connected) == 1:
        return connected[0]
    probes = probe_all(connected, aids, block_size, locks)
    holding = [found.reader for found in probes if found.eid]
    refusing = [found.reader for found in probes if isinstance(found.problem, EuiccRefused)]
    if len(holding or refusing) == 1:
        return (holding or refusing)[0]
    if holding or refusing:
        raise NoReader(
            f"More than one reader holds an eUICC: {_names(holding or refusing)}.",
            advice="Choose one with --reader, by its name or its number in 'lpa readers'.",
        )
    raise _none(probes)


def _called(name: str, connected: tuple[Reader, ...]) -> Reader:
    if name.isdecimal() and int(name) < len(connected):
        return connected[int(name)]
    fitting = _fitting(name, connected)
    exact = [reader for reader in fitting if reader.name == name]
    if len(exact or fitting) != 1:
        found = "More than one reader is" if fitting else "No reader is"
        raise NoReader(f"{found} called {name!r}; there are {_names(connected)}.")
    return (exact or fitting)[0]


def _fitting(name: str, connected: tuple[Reader, ...]) -> list[Reader]:
    return [reader for reader in connected if name.lower() in reader.name.lower()]


def _none(probes: list[Probe]) -> LpaError:
    """The error for no eUICC in any reader; the problem that a person can best solve sets its class."""
    problems = [found.problem for found in probes if found.problem]
    worst = next(
        (
            p
            for kind in (CardBusy, CardUnpowered, TimedOut, BadAnswer)
            for p in problems
            if isinstance(p, kind)
        ),
        None,
    )
    message = " ".join(["No reader holds an eUICC.", *(problem.message for problem in problems)])
    kind = type(worst) if worst else NoReader
    return kind(message, advice=worst.advice if worst else "Insert the eUICC into one of the readers.")


def _names(chosen: Sequence[Reader]) -> str:
    return ", ".join(repr(reader.name) for reader in chosen)
