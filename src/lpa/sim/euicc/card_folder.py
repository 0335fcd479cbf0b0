"""The folder that a simulated card lives in, and the one program at a time that holds it.

`card.json` is the card's state, written whole on each change. Beside it are the card's certificates and key,
and those of the authority above them. A folder without `card.json` holds no card.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lpa.errors import NoCard, NotVerified, StorageFailed
from lpa.sim import private_folder
from lpa.sim.crypto.pki import Authority, Randomness, pem
from lpa.sim.euicc.identity import Identity
from lpa.sim.euicc.state import CardState

_STATE, _CHAIN, _KEY = "card.json", "euicc.pem", "euicc-key.pem"
_ISSUERS, _AUTHORITY_KEY = "ci.pem", "ci-key.pem"
# What a file that was cut, edited or written by something else can raise on the way to a state
_DAMAGED = (AttributeError, KeyError, NotVerified, OSError, TypeError, ValueError)


@dataclass(frozen=True)
class CardFolder:
    """A folder with a card, held until `close`."""

    path: Path
    _lock: sqlite3.Connection

    @classmethod
    def furnish(
        cls, path: Path, state: CardState, identity: Identity, authority: Authority | None
    ) -> CardFolder:
        """Put a new card into the folder `path`, and hold it.

        Raises `StorageFailed` if it holds one already or cannot be written, `CardBusy` if it is held.
        """
        with contextlib.ExitStack() as undo, _writing(path):
            private_folder.make_private(path)
            held = cls(path, private_folder.hold(path))
            undo.callback(held.close)
            if (path / _STATE).exists():
                raise StorageFailed(
                    f"The folder {path} holds a simulated card already.", advice="Choose another folder."
                )
            if authority:
                authority.save(path)
            private_folder.write(path / _ISSUERS, b"".join(map(pem, identity.issuers)))
            private_folder.write(path / _CHAIN, b"".join(held.pem_chain for held in identity.credentials))
            private_folder.write(
                path / _KEY, b"".join(held.key_pem for held in identity.credentials), mode=0o600
            )
            held.keep(state)
            undo.pop_all()
        return held

    @classmethod
    def open(cls, path: Path) -> CardFolder:
        """Hold the folder `path`. Raises `NoCard` if there is no card in it, `CardBusy` if it is held."""
        if not (path / _STATE).is_file():
            raise NoCard(f"The folder {path} holds no simulated card.", advice="Make one with 'lpa sim new'.")
        return cls(path, private_folder.hold(path))

    def read(self, randomness: Randomness) -> tuple[CardState, Identity, Authority | None]:
        """What the folder says about its card; the authority if its key is there.

        Raises `StorageFailed` if it cannot be understood.
        """
        try:
            state = CardState.from_json(json.loads((self.path / _STATE).read_bytes()))
            identity = Identity.read(*(self.path / name for name in (_CHAIN, _KEY, _ISSUERS)))
            held = (self.path / _AUTHORITY_KEY).exists()
            return state, identity, Authority.load(self.path, randomness=randomness) if held else None
        except _DAMAGED as error:
            raise StorageFailed(f"The simulated card in {self.path} is damaged: {error!r}.") from error

    def keep(self, state: CardState) -> None:
        """Write `state`, all or nothing. Raises OSError; then the state before is still there."""
        text = json.dumps(state.to_json(), ensure_ascii=False, indent=1)
        private_folder.write(self.path / _STATE, text.encode(), mode=0o600)

    def close(self) -> None:
        """Let another program have the card."""
        self._lock.close()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(f"The folder {path} cannot hold a simulated card: {error}.") from error
