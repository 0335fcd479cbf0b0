"""The simulated eUICC: a strict, conforming card, in memory or in a folder."""

from __future__ import annotations

import contextlib
import errno
import functools
import operator
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lpa.advice.simulator import ANOTHER_CARD, CERTIFICATES_OF_AUTHORITY
from lpa.errors import CardUnpowered, StorageFailed, storage_failed
from lpa.rsp.names import Eid
from lpa.sim import samples
from lpa.sim.crypto.pki import Authority, CurveName, Randomness
from lpa.sim.euicc import interrupts
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.card_folder import CardFolder
from lpa.sim.euicc.card_session import CardSession
from lpa.sim.euicc.download_session import DownloadSession
from lpa.sim.euicc.es10_functions import SimulatedIsdr
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.euicc.nonvolatile_memory import NonVolatileMemory
from lpa.sim.euicc.signed_notifications import EuiccSigner, SimulatedNotification
from lpa.sim.euicc.state import SPARE_MEMORY, CardState
from lpa.sim.euicc.two_elements import SECOND_FOLDER, TwoElements
from lpa.sim.faults.card_faults import CardFaults
from lpa.sim.faults.presence import Presence
from lpa.sim.simulated_profile import SimulatedProfile
from lpa.sim.wire.card_work import CardWork
from lpa.sim.wire.wire import Wire

# After TS and T0: TA1 = 96 (512/32), and for T=1 TD1, TD2, TA3 and TB3 (ISO 7816-3 §8)
_ATR_T0, _ATR_T1 = bytes.fromhex("96"), bytes.fromhex("96 8131 FE45")

_WELL_BEHAVED = Behaviour()


def _now() -> datetime:
    return datetime.now(UTC)


class SimulatedEuicc:
    """A simulated eUICC that is also a `Transport`. Make one with `create` or `load`.

    It is powered from the start. A reset ends the card session and carries out a pending REFRESH, and so does
    `load`. `apdus`, `resets`: how many there were. `wire`: how long a real one would have taken. `on_busy` is
    given the seconds that a slow card takes longer, if the wire does not wait. `second`: its second secure
    element, a card of its own. `faults`: what shall go wrong, as in `faults.add("after DeleteProfile:
    unplug")`. Ctrl-C takes effect after a command or reset, not in it.
    """

    def __init__(
        self,
        state: CardState,
        identity: CardIdentity,
        authority: Authority | None,
        *,
        folder: CardFolder | None = None,
        randomness: Randomness = os.urandom,
        second: SimulatedEuicc | None = None,
        stored: Behaviour | None = None,
    ) -> None:
        self.identity = identity
        self._authority = authority
        self.path = folder.path if folder else None
        self.apdus = 0
        self.resets = 0
        self.on_busy: Callable[[int], object] = lambda _: None
        self.second = second
        self._folder = folder
        self._stored = stored or state.behaviour
        self._work = CardWork()
        self._presence = Presence(self.restart)
        self._one_at_a_time = threading.RLock()  # other threads may remove and reset it
        self.faults = CardFaults(self)
        signer = EuiccSigner(identity, self._work)
        memory = NonVolatileMemory(state, signer, self._save, self.faults.conditions)
        self._isdr = SimulatedIsdr(memory, DownloadSession(memory, randomness))
        self._session: CardSession | TwoElements | None = self._new_session()
        self.wire = Wire()

    @classmethod
    def create(
        cls,
        path: Path | None,
        *,
        profiles: Sequence[SimulatedProfile] | int = 3,
        second_profiles: Sequence[SimulatedProfile] = (),
        behaviour: Behaviour = _WELL_BEHAVED,
        authority: Authority | None = None,
        identity: CardIdentity | None = None,
        eid: str | None = None,
        free_memory: int = SPARE_MEMORY,
        curve: CurveName = "P-256",
        clock: Callable[[], datetime] = _now,
        randomness: Randomness = os.urandom,
    ) -> SimulatedEuicc:
        """A new card, in the folder `path` or (None) in memory only.

        `profiles`: its profiles, or their number; `second_profiles`: those of its second secure element, if
        `behaviour` gives it one. `free_memory`: bytes for further profiles. `authority`: the
        CI that certifies it; a new one on `curve` if None. `identity`: certificates and keys from elsewhere,
        with their EID, instead of an authority.

        Raises ValueError for impossible profiles or an impossible EID, and `StorageFailed` if the folder
        already contains a card or cannot be written.
        """
        now = clock()
        if identity is None:
            authority = authority or Authority.mint(curve=curve, now=now, randomness=randomness)
            identity = _minted(authority, eid or samples.eid(randomness), now)
        elif authority or eid not in (None, identity.eid):
            raise ValueError("a card with an identity takes no authority and no other EID")
        chosen = samples.profiles(profiles) if isinstance(profiles, int) else profiles
        state = CardState.new(identity.eid, behaviour, chosen, free_memory=free_memory)
        _check_second(behaviour, second_profiles, identity.eid, authority)
        folder = CardFolder.create(path, state, identity, authority) if path else None
        second = behaviour.second_isdr_aid and cls.create(
            path / SECOND_FOLDER if path else None,
            profiles=second_profiles,
            behaviour=behaviour.of_second_element,
            authority=authority,
            free_memory=free_memory,
            clock=clock,
            randomness=randomness,
        )
        return cls(state, identity, authority, folder=folder, randomness=randomness, second=second or None)

    @classmethod
    def load(
        cls, path: Path | str, *, behaviour: Behaviour | None = None, randomness: Randomness = os.urandom
    ) -> SimulatedEuicc:
        """Load the card in the folder `path`, and lock it until `close`.

        `behaviour`: how it behaves until then, instead of the behaviour that is stored with it, which stays.
        Raises `NoCard` if there is none, `CardBusy` if another program is using it, `StorageFailed` if it is
        damaged, and ValueError if `behaviour` gives it a second secure element that it was not created with.
        """
        folder = CardFolder.open(Path(path))
        with contextlib.ExitStack() as undo:
            undo.callback(folder.close)
            state, identity, authority = folder.read(randomness)
            stored, now = state.behaviour, behaviour or state.behaviour
            if now.second_isdr_aid and not stored.second_isdr_aid:
                raise ValueError("a card can have a second secure element only if it was created with it")
            second = None
            if now.second_isdr_aid:
                place = folder.path / SECOND_FOLDER
                second = cls.load(place, behaviour=now.of_second_element, randomness=randomness)
                undo.callback(second.close)
            state = replace(state, behaviour=now)
            card = cls(
                state, identity, authority, folder=folder, randomness=randomness, second=second, stored=stored
            )
            card._change(card._isdr.execute_refresh)
            card.wire.reset()
            undo.pop_all()
        return card

    @property
    def authority(self) -> Authority:
        """The CI that certifies the card. Raises `StorageFailed` if the card was given an identity."""
        if self._authority is None:
            raise StorageFailed(
                "This card was created with an identity: the key of its authority is not here.",
                advice=CERTIFICATES_OF_AUTHORITY,
            )
        return self._authority

    @property
    def eid(self) -> str:
        """The card's EID: 32 digits."""
        return self._isdr.state.eid

    @property
    def behaviour(self) -> Behaviour:
        """The card's settings."""
        return self._isdr.state.behaviour

    @property
    def profiles(self) -> tuple[SimulatedProfile, ...]:
        """The current profiles."""
        return self._isdr.state.profiles

    @property
    def notifications(self) -> tuple[SimulatedNotification, ...]:
        """The pending notifications, the oldest first."""
        return self._isdr.state.notifications

    @property
    def wire(self) -> Wire:
        """The account of the line and of the card's work. Assign a `Wire` of another speed to have its own.

        A card is powered when it is made; what that would take is not in the account.
        """
        return self._wire

    @wire.setter
    def wire(self, wire: Wire) -> None:
        wire.attach(self.atr, self._work)
        self._wire = wire

    @property
    def atr(self) -> bytes:
        """The answer to reset (ISO 7816-3 §8): T=0 only, or T=1 only with a check byte."""
        historical = bytes.fromhex(self.behaviour.historical_bytes) or self._capabilities
        if self.behaviour.protocol == "T=0":
            return bytes([0x3B, 0x10 | len(historical)]) + _ATR_T0 + historical
        body = bytes([0x3B, 0x90 | len(historical)]) + _ATR_T1 + historical
        return body + bytes([functools.reduce(operator.xor, body[1:])])

    @property
    def _capabilities(self) -> bytes:
        """Historical bytes: selection by name and path, logical channels (ISO 7816-4 §12.1.1)."""
        channels = 0x10 | min(self.behaviour.channels, 7) if self.behaviour.channels else 0
        return bytes([0x80, 0x31, 0xE0, 0x73, 0xFE, 0x21, channels])

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The data and status word of the response to one APDU.

        Raises `CardUnpowered` after `power_off`, `CardRemoved` after `remove`, and `WireError` if a fault
        loses the answer or the `Behaviour` of the card breaks the link.
        """
        self.demand_presence()
        if self._session is None:
            raise CardUnpowered("The simulated card has no power.")
        with self._one_at_a_time, interrupts.postponed():
            self.apdus += 1
            data, sw = self.faults.transmit(apdu, self._perform)
        self._wire.command(apdu, data)
        return data, sw

    def reset(self) -> None:
        """Reset or power up the card: a new card session, after a pending REFRESH is carried out.

        Raises `CardRemoved` after `remove`.
        """
        self.demand_presence()
        with self._one_at_a_time, interrupts.postponed():
            self.resets += 1
            self.faults.reset(self.restart)
        self._wire.power_up(self.atr)

    def restart(self) -> None:
        """Begin a new card session without the reader, as a card that resets itself does."""
        self._change(self._isdr.power_up)
        if self.second:
            self.second.reset()
        self._session = self._new_session()

    def remove(self, *, commands: int | None = None) -> None:
        """Remove the card from its reader until `insert`, or until so many `commands` and resets failed."""
        with self._one_at_a_time:
            self._presence.remove(commands)
            self.power_off()

    def insert(self) -> None:
        """Insert a removed card. A new card session begins: no channel is open."""
        with self._one_at_a_time:
            self._presence.insert()

    @property
    def inserted(self) -> bool:
        """Whether the card is in its reader."""
        return self._presence.inserted

    def demand_presence(self) -> None:
        """Raise `CardRemoved` if the card was removed. That counts as one failed command."""
        self._presence.demand()

    def power_off(self) -> None:
        """Cut the power: the card does not respond until `reset`."""
        self._session = None
        if self.second:
            self.second.power_off()

    def close(self) -> None:
        """Unlock the folder, and power off. A card in memory stays powered, like one left in its reader."""
        if self._folder:
            self.power_off()
            self._folder.close()
        if self.second:
            self.second.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _new_session(self) -> CardSession | TwoElements:
        session = CardSession(self._isdr, self.faults.carry_out, self._be_busy)
        if not self.second:
            return session
        return TwoElements(session, self.second, (self.behaviour.isdr_aids, self.second.behaviour.isdr_aids))

    def _perform(self, apdu: bytes) -> tuple[bytes, int]:
        """Carry out an APDU in the current session: a fault may have begun another since it arrived."""
        if self._session is None:
            raise CardUnpowered("The simulated card has no power.")
        return self._session.transmit(apdu)

    def _be_busy(self, seconds: int) -> None:
        self._work.count("pause", seconds)
        if self._wire.sleep is None:
            self.on_busy(seconds)

    def _save(self, state: CardState) -> None:
        if self.faults.conditions.memory_full:
            raise OSError(errno.ENOSPC, "the memory of the card is full")
        if self._folder:
            self._folder.save(replace(state, behaviour=self._stored))

    def _change(self, change: Callable[[], None]) -> None:
        """Carry out a change outside of a command, which could not report a memory problem."""
        try:
            change()
        except OSError as error:
            self.close()
            what = f"Cannot write the simulated card in {self.path}"
            raise storage_failed(error, what, ANOTHER_CARD) from error


def _check_second(
    behaviour: Behaviour, profiles: Sequence[SimulatedProfile], eid: str, authority: Authority | None
) -> None:
    """Raise ValueError if there cannot be a second secure element with these profiles."""
    if behaviour.second_isdr_aid and authority is None:
        raise ValueError("a card with an identity has one secure element")
    if profiles and not behaviour.second_isdr_aid:
        raise ValueError("profiles of element 2 need a card with a second_isdr_aid")
    CardState.new(eid, behaviour, profiles)


def _minted(authority: Authority, eid: str, now: datetime) -> CardIdentity:
    """A new identity. Raises ValueError if `eid` is not an EID."""
    coded = str(Eid.parse(eid))
    eum = authority.issue_eum(coded[:8], now=now)
    return CardIdentity.minted(authority.issue_euicc(eum, coded, now=now), authority)
