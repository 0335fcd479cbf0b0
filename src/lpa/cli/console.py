"""The global options, and what they open: the card, alone or together with the way to the servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from lpa.assistant import Assistant
from lpa.card.apdu import Transport
from lpa.cli.exits import Interrupted
from lpa.cli.json_output import plain
from lpa.cli.screen import Cell, Screen
from lpa.cli.views.sentences import resumed
from lpa.errors import StorageFailed
from lpa.host.locks import Holder, Locks
from lpa.notifications.receipts import Receipts
from lpa.recovery import Resumption
from lpa.rsp.names import Aid, Iccid

if TYPE_CHECKING:
    from lpa.journal import Journal
    from lpa.notifications.send_queue import Dispatch
    from lpa.notifications.sender import Directory
    from lpa.server.connect_to import ConnectTo
    from lpa.server.https import Https
    from lpa.server.proxy import ProxyChoice
    from lpa.server.trust import Trust

_SIMULATED = "sim:"


@dataclass(frozen=True)
class Desk:
    """What every command gets: the screen and the global options."""

    screen: Screen
    reader: str | None
    state_dir: Path | None
    trust: Trust | None
    connect_to: Sequence[ConnectTo]
    proxy: ProxyChoice | None
    aids: Sequence[Aid]
    block_size: int
    no_wait: bool

    @property
    def simulated(self) -> Path | None:
        """The folder of the simulated card, if one was named as the reader."""
        if self.reader is None or not self.reader.startswith(_SIMULATED):
            return None
        return Path(self.reader.removeprefix(_SIMULATED))

    def assistant(self) -> AbstractContextManager[Assistant]:
        """The card, for commands that tell no server. Use it with `with`."""
        return self._open(None)

    @contextmanager
    def delivering_assistant(self) -> Iterator[Assistant]:
        """The card and the way to the servers."""
        from lpa.server.es9 import Server

        with self.https() as https, self._open(partial(Server, https=https)) as assistant:
            yield assistant

    def https(self) -> Https:
        """The way to the servers."""
        from lpa.server.https import Https
        from lpa.server.trust import Trust

        return Https(self.trust or Trust.system(), connect_to=self.connect_to, proxy=self.proxy)

    def receipts(self) -> Receipts:
        """The proofs on this computer; no card is needed to read them."""
        return Receipts(self._state() / "receipts")

    def journal(self) -> Journal:
        """What was written down about operations and deliveries. To be closed."""
        from lpa.journal import Journal

        return Journal(self._state(), locks=self._locks())

    def protected(self) -> tuple[Iccid, ...] | None:
        """The profiles that are protected on this computer, of whatever card.

        None if the journal cannot be read: what only looks at a card does not depend on it, nor makes one.
        """
        if not (self._state() / "journal.db").exists():
            return ()
        with suppress(StorageFailed), closing(self.journal()) as journal:
            return journal.protected()
        return None

    @contextmanager
    def dispatch(self) -> Iterator[Dispatch]:
        """The outbox on this computer and the way to the servers, without a card."""
        from lpa.notifications.send_queue import Dispatch
        from lpa.server.es9 import Server

        with closing(self.journal()) as journal, self.https() as https:
            yield Dispatch(journal, partial(Server, https=https))

    def simulated_card(self, folder: Path) -> Transport:
        """The simulated card in `folder`."""
        from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

        return SimulatedEuicc.load(folder)

    def _state(self) -> Path:
        from lpa.assistant import default_state_dir

        return self.state_dir or default_state_dir()

    @contextmanager
    def _open(self, directory: Directory | None) -> Iterator[Assistant]:
        locks = self._locks()
        options = _Options(
            state_dir=self.state_dir,
            directory=directory,
            aids=self.aids,
            block_size=self.block_size,
            locks=locks,
        )
        simulated = self.simulated
        if simulated is None:
            with Assistant.open(self.reader, **options) as assistant:
                yield assistant
        else:
            with (
                locks.alone(f"simulated card {simulated.resolve()}"),
                Assistant(
                    self.simulated_card(simulated), reader=f"{_SIMULATED}{simulated}", **options
                ) as assistant,
            ):
                yield assistant

    def _locks(self) -> Locks:
        """The locks that all share who work on a card, or send for it without one."""
        notice = None if self.no_wait else self._say_who_is_waited_for
        return Locks.of_host(command=f"lpa {self.screen.command}", notice=notice)

    def _say_who_is_waited_for(self, holder: Holder) -> None:
        self.screen.say(f"Waiting for {holder} to finish with this card ... (--no-wait does not wait)")


class _Options(TypedDict):
    """What both ways to an assistant share."""

    state_dir: Path | None
    directory: Directory | None
    aids: Sequence[Aid]
    block_size: int
    locks: Locks


def members(resumption: Resumption) -> dict[str, object]:
    """What became of an operation that was not finished, for a document."""
    return {**plain(resumption), "left_undone": resumption.left_undone}


@contextmanager
def changing() -> Iterator[None]:
    """Say, if Ctrl-C ends the `with` block, that the card was being changed."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted from error


@contextmanager
def resuming(screen: Screen, assistant: Assistant) -> Iterator[None]:
    """As `changing`; and what was left unfinished on the card is settled before, and said."""
    with settling(screen, assistant, screen.say_beside):
        yield


@contextmanager
def settling(screen: Screen, assistant: Assistant, tell: Callable[[Cell], None]) -> Iterator[None]:
    """As `resuming`, where what became of it is told line by line by `tell`."""
    with changing():
        said = len(assistant.resumed)
        try:
            assistant.settle()
        finally:  # Also if it did not come to its end: nobody else will hear of what was settled.
            for resumption in assistant.resumed[said:]:
                screen.done.setdefault("resumed", []).append(members(resumption))
                for line in resumed(resumption):
                    tell(line)
        yield
