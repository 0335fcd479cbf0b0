"""Find the eUICC: probe every reader, and keep the problem of each without one.

An empty reader or an ordinary SIM beside the eUICC is ignored. With two eUICCs the user must choose one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from lpa.advice.cards import CHOOSE_READER, INSERT_EUICC
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
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import Aid, Eid


@fact
class Probe(Fact):
    """The result for a reader: the EID of its eUICC, or the `problem` that explains why there is none.

    `others`: the other secure elements of the card, each an eUICC of its own.
    """

    reader: Reader
    eid: Eid | None = None
    problem: LpaError | None = None
    others: tuple[SecureElement, ...] = ()


@fact
class Choice:
    """The reader that a person chose, and the number of the secure element, if they chose one."""

    reader: Reader
    element: int | None = None

    @property
    def name(self) -> str:
        """The whole name of the reader, with the number of the secure element."""
        return secure_elements.joined(self.reader.name, self.element)


@fact
class Opened:
    """The card in the reader that was chosen, and the AIDs under which its ISD-R may answer.

    `euicc`: the session in which it was found, if it is open.
    """

    choice: Choice
    transport: PcscTransport
    aids: tuple[Aid, ...]
    euicc: Euicc | None = None


def probe(
    reader: Reader,
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    locks: Locks | None = None,
) -> Probe:
    """Open the card in `reader` and read its EID. Raises no `LpaError`.

    `locks`: with which to wait for another lpa; those of this computer if None.
    """
    try:
        with timeouts.using(timeouts.current().to_search()), ExitStack() as opened:
            _, euicc = _open(opened, reader, aids=aids, block_size=block_size, locks=locks)
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
    connected = _connected()
    reader, element = _named(name, connected)
    if reader is None:
        probes = probe_all(connected, aids, block_size, locks)
        reader = _only(probes, [found.reader for found in probes if found.eid])
    return Choice(reader, element)


def open_chosen(
    name: str | None, aids: Sequence[Aid], block_size: int, locks: Locks, first: bytes = b""
) -> Opened:
    """As `choose`, and open the card. The session in which its eUICC was found stays open.

    `first`: as for `IsdrSession`. Raises what `choose` and `PcscTransport.open` raise.
    """
    connected = _connected()
    reader, element = _named(name, connected)
    if reader is None and element is None:
        return _open_only(connected, aids, block_size, locks, first)
    choice = choose(name, aids, block_size, locks)
    aids = secure_elements.aids_of(element, aids)
    return Opened(choice, PcscTransport.open(choice.reader.name, locks), aids)


def _open_only(
    connected: tuple[Reader, ...], aids: Sequence[Aid], block_size: int, locks: Locks, first: bytes
) -> Opened:
    """The only one of the cards that is an eUICC, open. The others are closed. All are tried at once."""
    usual = timeouts.current()
    opening = partial(_open, aids=aids, block_size=block_size, locks=locks, first=first)
    with ExitStack() as undo:
        stacks = {reader: undo.enter_context(ExitStack()) for reader in connected}

        def tried(reader: Reader) -> Opened | Probe:
            try:
                transport, euicc = opening(stacks[reader], reader)
            except LpaError as problem:
                stacks[reader].close()
                return Probe(reader, problem=problem)
            return Opened(Choice(reader), transport, tuple(aids), euicc)

        with timeouts.using(usual.to_search()):
            results = side_by_side([partial(tried, reader) for reader in connected])
        found = {one.choice.reader: one for one in results if isinstance(one, Opened)}
        reader = _only([one for one in results if isinstance(one, Probe)], list(found))
        if reader in found:
            stacks[reader].pop_all()
            found[reader].transport.limit_time(usual)
            return found[reader]
    # It refuses, and says so again when its session is opened.
    return Opened(Choice(reader), PcscTransport.open(reader.name, locks), tuple(aids))


def _open(
    opened: ExitStack,
    reader: Reader,
    *,
    aids: Sequence[Aid],
    block_size: int,
    locks: Locks | None,
    first: bytes = b"",
) -> tuple[PcscTransport, Euicc]:
    """Open the card in `reader` and its eUICC, which `opened` closes."""
    if not reader.present:
        raise NoCard(f"There is no card in {reader.name!r}.")
    transport = opened.enter_context(PcscTransport.open(reader.name, locks or Locks.of_host()))
    euicc = opened.enter_context(Euicc(transport, aids=aids, block_size=block_size, first=first))
    return transport, euicc


def _connected() -> tuple[Reader, ...]:
    connected = readers()
    if not connected:
        raise NoReader("There is no card reader.", reason="noReader")
    return connected


def _named(name: str | None, connected: tuple[Reader, ...]) -> tuple[Reader | None, int | None]:
    """The reader that a name means, or a single one, and the secure element.

    The reader is None if the one that holds an eUICC must be looked for.
    """
    element = None
    if name is not None and not _fitting(name, connected):
        name, element = secure_elements.split(name)
    if name:
        return _called(name, connected), element
    return connected[0] if len(connected) == 1 else None, element


def _only(probes: list[Probe], holding: list[Reader]) -> Reader:
    """The only reader that holds an eUICC. `probes`: of those without one, at least."""
    refusing = [found.reader for found in probes if isinstance(found.problem, EuiccRefused)]
    if len(holding or refusing) == 1:
        return (holding or refusing)[0]
    if holding or refusing:
        raise NoReader(
            f"More than one reader holds an eUICC: {_names(holding or refusing)}.",
            advice=CHOOSE_READER,
            reason="severalCards",
        )
    raise _none(probes)


def _called(name: str, connected: tuple[Reader, ...]) -> Reader:
    if name.isdecimal() and int(name) < len(connected):
        return connected[int(name)]
    fitting = _fitting(name, connected)
    exact = [reader for reader in fitting if reader.name == name]
    if len(exact or fitting) != 1:
        found, reason = ("More than one reader", "ambiguous") if fitting else ("No reader", "unknownReader")
        raise NoReader(f"{found} is called {name!r}; there are {_names(connected)}.", reason=reason)
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
    return kind(message, advice=worst.advice if worst else INSERT_EUICC)


def _names(chosen: Sequence[Reader]) -> str:
    return ", ".join(repr(reader.name) for reader in chosen)
