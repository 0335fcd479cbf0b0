"""The global options, and what they open: the card, alone or together with the way to the servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.assistant import Assistant
from lpa.cli.exits import Interrupted
from lpa.cli.json_output import plain
from lpa.cli.screen import Cell, Screen
from lpa.cli.views.sentences import recovered
from lpa.errors import StorageFailed
from lpa.host import settings
from lpa.host.locks import Holder, Locks
from lpa.notifications.receipts import Receipts
from lpa.recovery import Recovery
from lpa.rsp.names import Aid, Iccid

if TYPE_CHECKING:
    from lpa.journal import Journal
    from lpa.notifications.send_queue import SendQueue
    from lpa.notifications.sender import ServerFactory
    from lpa.server.connect_to import ConnectTo
    from lpa.server.https import Https
    from lpa.server.proxy import ProxyChoice
    from lpa.server.trust import Trust


@dataclass(frozen=True)
class Console:
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
        return Receipts.open(self.state_dir)

    def journal(self) -> Journal:
        """What was written down about operations and deliveries. To be closed."""
        from lpa.journal import Journal

        return Journal(settings.state_dir(self.state_dir), locks=self._locks())

    def protected(self) -> tuple[Iccid, ...] | None:
        """The profiles that are protected on this computer, of whatever card.

        None if the journal cannot be read: what only looks at a card does not depend on it, nor makes one.
        """
        if not (settings.state_dir(self.state_dir) / "journal.db").exists():
            return ()
        with suppress(StorageFailed), closing(self.journal()) as journal:
            return journal.protected()
        return None

    @contextmanager
    def send_queue(self) -> Iterator[SendQueue]:
        """The outbox on this computer and the way to the servers, without a card."""
        from lpa.notifications.send_queue import SendQueue
        from lpa.server.es9 import Server

        with closing(self.journal()) as journal, self.https() as https:
            yield SendQueue(journal, partial(Server, https=https))

    @contextmanager
    def _open(self, servers: ServerFactory | None) -> Iterator[Assistant]:
        with Assistant.open(
            self.reader,
            state_dir=self.state_dir,
            servers=servers,
            aids=self.aids,
            block_size=self.block_size,
            locks=self._locks(),
        ) as assistant:
            yield assistant

    def _locks(self) -> Locks:
        """The locks that all share who work on a card, or send for it without one."""
        on_wait = None if self.no_wait else self._say_who_is_waited_for
        return Locks.of_host(command=f"lpa {self.screen.command}", on_wait=on_wait)

    def _say_who_is_waited_for(self, holder: Holder) -> None:
        self.screen.say(f"Waiting for {holder} to finish with this card ... (--no-wait does not wait)")


def members(recovery: Recovery) -> dict[str, object]:
    """What became of an operation that was not finished, for a document."""
    return {**plain(recovery), "left_undone": recovery.left_undone}


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
    with settling(screen, assistant, screen.stderr_line):
        yield


@contextmanager
def settling(screen: Screen, assistant: Assistant, tell: Callable[[Cell], None]) -> Iterator[None]:
    """As `resuming`, where what became of it is told line by line by `tell`."""
    with changing():
        said = len(assistant.recovered)
        try:
            assistant.recover()
        finally:  # Also if it did not come to its end: nobody else will hear of what was settled.
            for recovery in assistant.recovered[said:]:
                screen.done.setdefault("recovered", []).append(members(recovery))
                for line in recovered(recovery):
                    tell(line)
        yield
