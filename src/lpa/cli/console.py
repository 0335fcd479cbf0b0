"""The global options, and what they open: the card, the servers, and what is kept on this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.errors import StorageFailed
from lpa.host import files, settings
from lpa.rsp.deliver import NOW
from lpa.rsp.facts import fact

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.screen import Screen
    from lpa.host.locks import Holder, Locks
    from lpa.journal import Journal
    from lpa.notifications.receipts import Receipts
    from lpa.notifications.send_queue import SendQueue
    from lpa.notifications.sender import ServerFactory
    from lpa.rsp.deliver import Deliver
    from lpa.rsp.names import Aid, Iccid
    from lpa.server.connect_to import ConnectTo
    from lpa.server.https import Https
    from lpa.server.network import Network
    from lpa.server.proxy import ProxyChoice
    from lpa.server.trust import Trust


@contextmanager
def closing_all() -> Iterator[ExitStack]:
    """A stack of what is open, closed at the end. Ctrl-C then ends a step that hangs, and not the others.

    What the block did stays done, so Ctrl-C does not take its result.
    """
    opened = ExitStack()
    try:
        yield opened
    finally:
        closed = False
        while not closed:
            with suppress(KeyboardInterrupt):
                opened.close()
                closed = True


@fact
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
    all_readers: bool = False

    def assistant(self, first: bytes = b"") -> AbstractContextManager[Assistant]:
        """The card, for commands that send nothing. Use it with `with`. `first`: see `Assistant.open`."""
        return self._open(first, NOW)

    @contextmanager
    def delivering_assistant(
        self,
        first: bytes = b"",
        *,
        deliver: Deliver = NOW,
        through: Callable[[ServerFactory], ServerFactory] | None = None,
    ) -> Iterator[Assistant]:
        """The card, for commands that send notifications. `first`, `deliver`: see `Assistant.open`.

        `through`: called with what makes the servers; the result is used instead.
        """
        with closing_all() as opened:
            servers: ServerFactory | None = None
            if through:
                made = self.network.servers(settings.state_dir(self.state_dir))
                servers = through(opened.enter_context(closing(made)))
            yield opened.enter_context(self._open(first, deliver, servers))

    @property
    def network(self) -> Network:
        """The way to servers, by the options."""
        from lpa.server.network import Network

        return Network(connect_to=self.connect_to, proxy=self.proxy, ca_bundle=self.trust)

    def https(self) -> Https:
        """HTTPS with the options about servers."""
        return self.network.https(settings.state_dir(self.state_dir))

    def receipts(self) -> Receipts:
        """The receipts on this computer."""
        from lpa.notifications.receipts import Receipts

        return Receipts.open(self.state_dir)

    def journal(self) -> Journal:
        """The journal of operations and notifications. The caller closes it."""
        from lpa.journal import Journal

        return Journal(settings.state_dir(self.state_dir), locks=self._locks())

    def protected(self) -> tuple[Iccid, ...] | None:
        """The profiles that are protected on this computer, of any card.

        None if the journal cannot be read: reading a card neither needs nor creates one.
        """
        with suppress(OSError, StorageFailed):
            if not files.status(settings.state_dir(self.state_dir) / "journal.db"):
                return ()
            with closing(self.journal()) as journal:
                return journal.protected()
        return None

    @contextmanager
    def send_queue(self) -> Iterator[SendQueue]:
        """The notifications on this computer and the servers, without a card."""
        from lpa.notifications.send_queue import SendQueue

        with closing_all() as opened:
            journal = opened.enter_context(closing(self.journal()))
            folder = settings.state_dir(self.state_dir)
            servers = opened.enter_context(closing(self.network.servers(folder)))
            yield SendQueue(journal, servers)

    @contextmanager
    def _open(
        self, first: bytes, deliver: Deliver, servers: ServerFactory | None = None
    ) -> Iterator[Assistant]:
        from lpa.assistant import Assistant

        with closing_all() as opened:
            yield opened.enter_context(
                Assistant.open(
                    self.reader,
                    state_dir=self.state_dir,
                    servers=servers,
                    network=None if servers else self.network,
                    deliver=deliver,
                    aids=self.aids,
                    block_size=self.block_size,
                    locks=self._locks(),
                    first=first,
                )
            )

    def _locks(self) -> Locks:
        """The locks that programs take to work on a card, or to send its notifications."""
        from lpa.host.locks import Locks

        on_wait = None if self.no_wait else self._report_wait
        return Locks.of_host(command=f"lpa {self.screen.command}", on_wait=on_wait)

    def _report_wait(self, holder: Holder) -> None:
        self.screen.notice(
            f"Waiting until {holder} has finished with this card (--no-wait fails instead) ..."
        )
