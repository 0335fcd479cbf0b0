"""The simulated eUICC: a card that exists in memory or in a folder, and answers like a strict real one."""

from __future__ import annotations

import contextlib
import functools
import operator
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lpa.errors import CardUnpowered, StorageFailed
from lpa.rsp.names import Eid
from lpa.sim import samples
from lpa.sim.crypto.pki import Authority, CurveName, Randomness
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.card_folder import CardFolder
from lpa.sim.euicc.card_session import Session
from lpa.sim.euicc.download_session import Download
from lpa.sim.euicc.es10_functions import Isdr
from lpa.sim.euicc.identity import Identity
from lpa.sim.euicc.lasting_memory import Memory
from lpa.sim.euicc.signed_notifications import Notary, SimulatedNotification
from lpa.sim.euicc.state import SPARE_MEMORY, CardState
from lpa.sim.simulated_profile import SimulatedProfile

# TA1 = 96 (512/32); historical bytes: selection by name and path, logical channels (ISO 7816-4 §12.1.1)
_ATR_T0, _ATR_T1 = bytes.fromhex("3B1796"), bytes.fromhex("3B9796 8131 FE45")

_WELL_BEHAVED = Behaviour()


def _now() -> datetime:
    return datetime.now(UTC)


class SimulatedEuicc:
    """A simulated eUICC with the shape of a `Transport`. Make one with `create` or `load`.

    It has power from the start. A reset forgets the card session and carries out the switch that waits for a
    REFRESH; so does the next start of a card whose program was killed before. `apdus` and `resets` count.
    """

    def __init__(
        self,
        state: CardState,
        identity: Identity,
        authority: Authority | None,
        *,
        folder: CardFolder | None = None,
        randomness: Randomness = os.urandom,
    ) -> None:
        self.identity = identity
        self._authority = authority
        self.path = folder.path if folder else None
        self.apdus = 0
        self.resets = 0
        self._folder = folder
        memory = Memory(state, Notary(identity), self._keep)
        self._isdr = Isdr(memory, Download(memory, randomness))
        self._session: Session | None = Session(self._isdr)

    @classmethod
    def create(
        cls,
        path: Path | None,
        *,
        profiles: Sequence[SimulatedProfile] | int = 3,
        behaviour: Behaviour = _WELL_BEHAVED,
        authority: Authority | None = None,
        identity: Identity | None = None,
        eid: str | None = None,
        free_memory: int = SPARE_MEMORY,
        curve: CurveName = "P-256",
        clock: Callable[[], datetime] = _now,
        randomness: Randomness = os.urandom,
    ) -> SimulatedEuicc:
        """A new card, in the folder `path` or (None) in memory only.

        `profiles`: those it shall hold, or how many; there is room for `free_memory` bytes of further ones.
        `authority` (a new one on `curve` if not given) vouches for it; or it has an `identity`, with its EID,
        that somebody vouched for already. Raises ValueError if the profiles or the EID cannot be;
        `StorageFailed` if the folder holds a card already or cannot be written.
        """
        now = clock()
        if identity is None:
            authority = authority or Authority.mint(curve=curve, now=now, randomness=randomness)
            identity = _minted(authority, eid or samples.eid(randomness), now)
        elif authority or eid not in (None, identity.eid):
            raise ValueError("a card with an identity has no other authority or EID")
        chosen = samples.profiles(profiles) if isinstance(profiles, int) else profiles
        state = CardState.new(identity.eid, behaviour, chosen, free_memory=free_memory)
        folder = CardFolder.furnish(path, state, identity, authority) if path else None
        return cls(state, identity, authority, folder=folder, randomness=randomness)

    @classmethod
    def load(cls, path: Path | str, *, randomness: Randomness = os.urandom) -> SimulatedEuicc:
        """The card in the folder `path`, and hold it until `close`.

        Raises `NoCard` if there is none, `CardBusy` if another program holds it, `StorageFailed` if it is
        damaged.
        """
        folder = CardFolder.open(Path(path))
        with contextlib.ExitStack() as undo:
            undo.callback(folder.close)
            state, identity, authority = folder.read(randomness)
            card = cls(state, identity, authority, folder=folder, randomness=randomness)
            card._change(card._isdr.execute_refresh)
            undo.pop_all()
        return card

    @property
    def authority(self) -> Authority:
        """The authority that vouches for the card. Raises `StorageFailed` if it came with an identity."""
        if self._authority is None:
            raise StorageFailed(
                "The key of the authority above this card is not here: the card came with its own identity.",
                advice="Its servers need certificates of that authority.",
            )
        return self._authority

    @property
    def eid(self) -> str:
        """The card's EID: 32 digits."""
        return self._isdr.state.eid

    @property
    def behaviour(self) -> Behaviour:
        """The card's character."""
        return self._isdr.state.behaviour

    @property
    def profiles(self) -> tuple[SimulatedProfile, ...]:
        """The profiles as they are now."""
        return self._isdr.state.profiles

    @property
    def notifications(self) -> tuple[SimulatedNotification, ...]:
        """The notifications that wait, the oldest first."""
        return self._isdr.state.notifications

    @property
    def atr(self) -> bytes:
        """What the card says when power comes (ISO 7816-3 §8): T=0 alone, or T=1 alone with a check byte."""
        channels = 0x10 | min(self.behaviour.channels, 7) if self.behaviour.channels else 0
        historical = bytes([0x80, 0x31, 0xE0, 0x73, 0xFE, 0x21, channels])
        if self.behaviour.protocol == "T=0":
            return _ATR_T0 + historical
        body = _ATR_T1 + historical
        return body + bytes([functools.reduce(operator.xor, body[1:])])

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Data and status word that answer one command APDU. Raises `CardUnpowered` after `power_off`."""
        if self._session is None:
            raise CardUnpowered("The simulated card has no power.")
        self.apdus += 1
        return self._session.transmit(apdu)

    def reset(self) -> None:
        """Give the card (new) power: it forgets its session and carries out the switch that waits."""
        self.resets += 1
        self._change(self._isdr.power_up)
        self._session = Session(self._isdr)

    def power_off(self) -> None:
        """Take the power: nothing is answered until `reset`."""
        self._session = None

    def close(self) -> None:
        """Let another program have the card. One in memory stays as it is, like a card left in its reader."""
        if self._folder:
            self.power_off()
            self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _keep(self, state: CardState) -> None:
        if self._folder:
            self._folder.keep(state)

    def _change(self, change: Callable[[], None]) -> None:
        """Do what happens to the card without a command that could answer with a memory problem."""
        try:
            change()
        except OSError as error:
            self.close()
            raise StorageFailed(f"The simulated card in {self.path} cannot be written: {error}.") from error


def _minted(authority: Authority, eid: str, now: datetime) -> Identity:
    """Raises ValueError if it is no EID."""
    coded = str(Eid.parse(eid))
    eum = authority.issue_eum(coded[:8], now=now)
    return Identity.minted(authority.issue_euicc(eum, coded, now=now), authority)
