"""Diagnose what does not work: check each step from the smart card service to the operators' servers.

Each result is returned as soon as it is known. A fault that makes the following checks impossible ends the
examination. Nothing is changed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lpa.advice.cards import CHECK_DIGITS_WRONG
from lpa.advice.servers import ONLY_OPERATOR_CHANGES_SERVER, SET_CLOCK, TOO_MANY_SERVERS
from lpa.card import schemes, secure_elements
from lpa.card.apdu import LARGEST_BLOCK, Transport
from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.card.pcsc import PcscTransport, readers
from lpa.card.probing import choose
from lpa.errors import BadAnswer, EuiccRefused, LpaError, NoReader, NoService, NotVerified
from lpa.host.locks import Locks
from lpa.journal import Journal
from lpa.notifications.on_card import OnCard
from lpa.rsp.facts import Fact
from lpa.rsp.limits import DELIVERY_SECONDS
from lpa.rsp.names import Aid, ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import CHANGE_TAGS


class ServerCheck(Protocol):
    """Opens a verified connection to a server and sends no request: `lpa.server.https.Https.handshake`."""

    def __call__(self, address: ServerAddress, /, *, ci_pkids: tuple[KeyIdentifier, ...]) -> object:
        """The trust anchor of the server, in words as a `str`. Raises an `LpaError` if the check fails."""


Clock = Callable[[], float]

_LONG_AGO = 1735689600  # 2025-01-01: before the first version of this program


@dataclass(frozen=True)
class Diagnosis(Fact):
    """The result of one check, `step`: service, readers, card, ATR, ISD-R, EID, clock, network,
    notifications or journal.

    `message`: what was found, as a sentence or a value (names, ATR, EID). `advice`: what to do; empty if
    nothing is wrong. `problem`: the error, if something does not work.
    """

    step: str
    message: str
    advice: str = ""
    problem: LpaError | None = None

    @property
    def verdict(self) -> str:
        """ "good", "doubtful" or "bad"."""
        return "bad" if self.problem else "doubtful" if self.advice else "good"


def examine(
    handshake: ServerCheck,
    reader: str | None = None,
    *,
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    clock: Clock = time.time,
) -> Iterator[Diagnosis]:
    """Check everything, through PC/SC. `reader` as for `Assistant.open`."""
    named = schemes.by_scheme(reader)
    step = "readers"
    try:
        if named:
            aids = secure_elements.aids_of(named.element, aids)
            step = "card"
            with contextlib.closing(named.opener(named.text)) as card:
                yield from examine_card(card, handshake, aids=aids, block_size=block_size, clock=clock)
            return
        step = "service"
        connected = readers()
        yield Diagnosis(step, "The smart card service runs.")
        step = "readers"
        chosen = choose(reader, aids, block_size)
        yield Diagnosis(step, ", ".join(repr(found.name) for found in connected))
        step = "card"
        with PcscTransport.open(chosen.reader.name, Locks.of_host()) as transport:
            yield Diagnosis(step, f"The card in {chosen.reader.name!r} answers, over {transport.protocol}.")
            yield Diagnosis("ATR", transport.atr.hex().upper())
            step = "ISD-R"
            aids = secure_elements.aids_of(chosen.element, aids)
            yield from examine_card(transport, handshake, aids=aids, block_size=block_size, clock=clock)
    except (NoReader, NoService) as problem:
        misunderstood = schemes.misunderstood(reader) if step in ("service", "readers") else None
        yield _bad("readers" if misunderstood else step, misunderstood or problem)
    except LpaError as problem:
        yield _bad(step, problem)


def examine_card(
    transport: Transport,
    handshake: ServerCheck,
    *,
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    clock: Clock = time.time,
) -> Iterator[Diagnosis]:
    """Check the ISD-R and what follows, over a transport that works. Raises no `LpaError`."""
    step = "ISD-R"
    try:
        with Euicc(transport, aids=aids, block_size=block_size) as euicc:
            yield Diagnosis(step, f"{euicc.aid} answers.")
            step = "EID"
            yield _eid(euicc)
            yield from _other_elements(euicc)
            pending, unread = _pending(euicc)
            addresses, ci_pkids = _addresses(euicc, pending), _ci_pkids(euicc)
            yield from unread
    except LpaError as problem:
        yield _bad(step, problem)
        return
    yield _clock(clock())
    yield from _network(addresses, handshake, ci_pkids, clock)


def examine_journal(folder: Path) -> Iterator[Diagnosis]:
    """Check that the journal in this state folder can be used, if there is one."""
    if not (folder / "journal.db").exists():
        return
    try:
        with contextlib.closing(Journal(folder)) as journal:
            for look in (journal.check, journal.unfinished, journal.outbox, journal.lost, journal.protected):
                look()
        yield Diagnosis("journal", f"The journal in {folder} can be used.")
    except LpaError as problem:
        yield _bad("journal", problem)


def _eid(euicc: Euicc) -> Diagnosis:
    maker = euicc.eid.manufacturer
    message = f"{euicc.eid} ({maker})" if maker else str(euicc.eid)
    if euicc.eid.plausible:
        return Diagnosis("EID", message)
    return Diagnosis("EID", message, advice=CHECK_DIGITS_WRONG)


def _other_elements(euicc: Euicc) -> Iterator[Diagnosis]:
    for other in euicc.other_elements():
        yield Diagnosis(
            "EID",
            f"{other.eid} is that of secure element {other.number} of this card, an eUICC of its own: "
            f"'#{other.number}' behind the reader's name means it.",
        )


def _clock(now: float) -> Diagnosis:
    today = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    if now > _LONG_AGO:
        return Diagnosis("clock", f"It is {today}.")
    wrong = NotVerified(
        f"The clock of this computer is wrong: it says {today}.",
        advice=SET_CLOCK,
    )
    return _bad("clock", wrong)


def _pending(euicc: Euicc) -> tuple[list[str], list[Diagnosis]]:
    """The servers of the pending notifications; and what is wrong if the card does not say which it has."""
    try:
        return [notification.address for notification in OnCard(euicc).listed()], []
    except (BadAnswer, EuiccRefused) as problem:
        return [], [_bad("notifications", problem)]


def _addresses(euicc: Euicc, pending: Iterable[str]) -> list[str]:
    """The servers that the card needs: those that its profiles and its pending notifications name."""
    configured = [entry.address for profile in euicc.profiles(CHANGE_TAGS) for entry in profile.notifications]
    return list(dict.fromkeys(address.strip(" \0").lower() for address in (*configured, *pending) if address))


def _ci_pkids(euicc: Euicc) -> tuple[KeyIdentifier, ...]:
    """The card's trusted CI keys; none if it does not list them."""
    with contextlib.suppress(BadAnswer, EuiccRefused):
        return euicc.euicc_info1().ci_for_verification
    return ()


def _network(
    addresses: Sequence[str], handshake: ServerCheck, ci_pkids: tuple[KeyIdentifier, ...], clock: Clock
) -> Iterator[Diagnosis]:
    start = clock()
    if not addresses:
        yield Diagnosis("network", "The card names no server, so there is none to try.")
    for number, address in enumerate(addresses):
        if clock() - start >= DELIVERY_SECONDS:
            yield Diagnosis(
                "network",
                f"{len(addresses) - number} more servers were not tried: "
                f"those before them took {DELIVERY_SECONDS:.0f} seconds.",
                advice=TOO_MANY_SERVERS,
            )
            return
        try:
            trust_anchor = handshake(ServerAddress.parse(address), ci_pkids=ci_pkids)
            yield Diagnosis("network", f"The server {address} answers. It is certified by {trust_anchor}.")
        except LpaError as problem:
            yield _bad("network", problem)
        except ValueError as error:
            yield Diagnosis(
                "network",
                f"The card names an invalid server: {error}.",
                advice=ONLY_OPERATOR_CHANGES_SERVER,
            )


def _bad(step: str, problem: LpaError) -> Diagnosis:
    return Diagnosis(step, problem.message, problem.advice, problem)
