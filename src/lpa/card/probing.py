"""Finding the eUICC: every reader is looked into, and what stands in the way is kept.

An empty reader or an ordinary SIM beside the eUICC must not stop anyone. Two eUICCs must: which one is meant
is not for us to guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lpa.card.apdu import LARGEST_BLOCK
from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.card.pcsc import PcscTransport, Reader, readers
from lpa.errors import BadAnswer, CardBusy, CardUnpowered, LpaError, NoCard, NoReader
from lpa.host.locks import Locks
from lpa.rsp.names import Aid, Eid


@dataclass(frozen=True)
class Probe:
    """What was found in a reader: the EID of an eUICC, or the `problem` that tells why there is none."""

    reader: Reader
    eid: Eid | None = None
    problem: LpaError | None = None


def probe(
    reader: Reader,
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    locks: Locks | None = None,
) -> Probe:
    """Look whether there is an eUICC in `reader`. Raises nothing of ours.

    `locks`: who else may be at it; nobody is waited for if None.
    """
    if not reader.present:
        return Probe(reader, problem=NoCard(f"There is no card in {reader.name!r}."))
    try:
        with (
            PcscTransport.open(reader.name, locks or Locks.of_host()) as transport,
            Euicc(transport, aids=aids, block_size=block_size) as euicc,
        ):
            return Probe(reader, euicc.eid)
    except LpaError as problem:
        return Probe(reader, problem=problem)


def choose(
    name: str | None = None,
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    locks: Locks | None = None,
) -> Reader:
    """The reader called `name`, or the only one that holds an eUICC.

    `name`: the reader's name, a part of it that fits no other, or its position in the list, from 0.
    `locks` as for `probe`.
    Raises `NoReader` if it does not exist, if none or several hold an eUICC; or, if there is one reader
    only, whatever stands in the way there.
    """
    connected = readers()
    if not connected:
        raise NoReader("There is no card reader.")
    if name is not None:
        return _called(name, connected)
    if len(connected) == 1:
        return connected[0]
    probes = [probe(reader, aids, block_size, locks) for reader in connected]
    holding = [found.reader for found in probes if found.eid]
    if len(holding) == 1:
        return holding[0]
    if holding:
        raise NoReader(
            f"More than one reader holds an eUICC: {_names(holding)}.",
            advice="Choose one with --reader, by its name or its number in 'lpa readers'.",
        )
    raise _none(probes)


def _called(name: str, connected: tuple[Reader, ...]) -> Reader:
    if name.isdecimal() and int(name) < len(connected):
        return connected[int(name)]
    fitting = [reader for reader in connected if name.lower() in reader.name.lower()]
    exact = [reader for reader in fitting if reader.name == name]
    if len(exact or fitting) != 1:
        found = "More than one reader is" if fitting else "No reader is"
        raise NoReader(f"{found} called {name!r}; there are {_names(connected)}.")
    return (exact or fitting)[0]


def _none(probes: list[Probe]) -> LpaError:
    """The error for no eUICC in any reader; the problem that a person can do most about sets its kind."""
    problems = [found.problem for found in probes if found.problem]
    worst = next(
        (p for kind in (CardBusy, CardUnpowered, BadAnswer) for p in problems if isinstance(p, kind)), None
    )
    message = " ".join(["No reader holds an eUICC.", *(problem.message for problem in problems)])
    kind = type(worst) if worst else NoReader
    return kind(message, advice=worst.advice if worst else "Put the eUICC into one of the readers.")


def _names(chosen: Sequence[Reader]) -> str:
    return ", ".join(repr(reader.name) for reader in chosen)
