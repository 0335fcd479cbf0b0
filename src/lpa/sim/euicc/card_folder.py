"""Stores a simulated card in a folder, which one program at a time may lock.

`card.json` is the card's state, rewritten atomically on each change. Beside it are the certificates and keys
of the card and of the authority above it. A folder without `card.json` contains no card.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lpa.advice.simulator import ANOTHER_CARD, CHOOSE_ANOTHER_FOLDER, CREATE_ANOTHER_CARD, CREATE_CARD
from lpa.advice.storage import OTHER_FOLDER
from lpa.errors import NoCard, NotVerified, StorageFailed, storage_failed
from lpa.sim import private_folder
from lpa.sim.crypto.pki import Authority, Randomness, pem
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.euicc.state import CardState

_STATE, _CHAIN, _KEY = "card.json", "euicc.pem", "euicc-key.pem"
_ISSUERS, _AUTHORITY_KEY = "ci.pem", "ci-key.pem"
# What reading a file that was truncated, edited or written by another program can raise.
_DAMAGED = (AttributeError, KeyError, NotVerified, TypeError, ValueError)
_ABSENT = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True)
class CardFolder:
    """A folder with a card, locked until `close`."""

    path: Path
    _lock: sqlite3.Connection

    @classmethod
    def create(
        cls, path: Path, state: CardState, identity: CardIdentity, authority: Authority | None
    ) -> CardFolder:
        """Store a new card in the folder `path`, and lock it.

        Raises `StorageFailed` if it contains a card already or cannot be written, `CardBusy` if it is locked.
        """
        with contextlib.ExitStack() as undo, _writing(path):
            private_folder.make_private(path)
            folder = cls(path, private_folder.lock(path))
            undo.callback(folder.close)
            if (path / _STATE).exists():
                raise StorageFailed(
                    f"The folder {path} already contains a simulated card.", advice=CHOOSE_ANOTHER_FOLDER
                )
            if authority:
                authority.save(path)
            private_folder.write(path / _ISSUERS, b"".join(map(pem, identity.issuers)))
            private_folder.write(path / _CHAIN, b"".join(held.pem_chain for held in identity.credentials))
            private_folder.write(
                path / _KEY, b"".join(held.key_pem for held in identity.credentials), mode=0o600
            )
            folder.save(state)
            undo.pop_all()
        return folder

    @classmethod
    def open(cls, path: Path) -> CardFolder:
        """Lock the folder `path`.

        Raises `NoCard` if it contains no card, `CardBusy` if it is locked, and `StorageFailed` if it cannot
        be read.
        """
        with _reading(path):
            if not _is_file(path / _STATE):
                raise NoCard(f"The folder {path} contains no simulated card.", advice=CREATE_CARD)
        return cls(path, private_folder.lock(path))

    def read(self, randomness: Randomness) -> tuple[CardState, CardIdentity, Authority | None]:
        """The card's state and identity, and the authority if its key is there.

        Raises `StorageFailed` if a file is damaged or cannot be read.
        """
        try:
            with _reading(self.path):
                state = CardState.from_json(json.loads((self.path / _STATE).read_bytes()))
                identity = CardIdentity.read(*(self.path / name for name in (_CHAIN, _KEY, _ISSUERS)))
                has_key = (self.path / _AUTHORITY_KEY).exists()
            return state, identity, Authority.load(self.path, randomness=randomness) if has_key else None
        except _DAMAGED as error:
            raise StorageFailed(
                f"The simulated card in {self.path} is damaged: {error!r}.",
                advice=CREATE_ANOTHER_CARD,
            ) from error

    def save(self, state: CardState) -> None:
        """Write `state` atomically. Raises OSError, and then leaves the previous state."""
        text = json.dumps(state.to_json(), ensure_ascii=False, indent=1)
        private_folder.write(self.path / _STATE, text.encode(), mode=0o600)

    def close(self) -> None:
        """Unlock the folder."""
        self._lock.close()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"Cannot store a simulated card in the folder {path}"
        raise storage_failed(error, what, OTHER_FOLDER) from error


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"The simulated card in {path} cannot be read"
        raise storage_failed(error, what, ANOTHER_CARD) from error


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except _ABSENT:
        return False
