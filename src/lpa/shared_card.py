"""What an assistant works with: a card that threads take turns with, and what is kept about it here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lpa.advice.profiles import RESUME_FINDS_OUT
from lpa.card import channels, foreign
from lpa.card.apdu import LARGEST_BLOCK, Transport
from lpa.card.channels import LogicalTransport
from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.card.timeouts import Timeouts, current, using
from lpa.host import settings
from lpa.host.locks import Locks
from lpa.later import later
from lpa.rsp import deliver as delivering
from lpa.rsp.arguments import expect
from lpa.rsp.deliver import LATER, NOW
from lpa.server.network import Network
from lpa.stop import Stop, StopRequested
from lpa.turns import Turns, stoppable

if TYPE_CHECKING:
    from lpa import journal, recovery
    from lpa.card import schemes
    from lpa.card.files import filesystem
    from lpa.deletion import plan as planning
    from lpa.deletion.plan import Plan
    from lpa.journal import Journal
    from lpa.notifications import card_context, outbox, receipts
    from lpa.notifications.receipts import Receipts
    from lpa.notifications.sender import ServerFactory
    from lpa.profiles import selection
    from lpa.profiles.selection import ProfileName
    from lpa.recovery import Recovery
    from lpa.rsp.deliver import Deliver
    from lpa.rsp.names import Aid, Eid
    from lpa.rsp.records import Profile
else:  # A command needs few of them.
    journal, recovery, schemes = later("lpa", "journal", "recovery", "card.schemes")
    filesystem, planning, selection = later(
        "lpa", "card.files.filesystem", "deletion.plan", "profiles.selection"
    )
    card_context, outbox, receipts = later("lpa.notifications", "card_context", "outbox", "receipts")


class SharedCard:
    """The parts that the methods of `Assistant` work with, and how they are opened and closed."""

    def __init__(
        self,
        transport: Transport | LogicalTransport,
        *,
        state_dir: Path | None = None,
        servers: ServerFactory | None = None,
        network: Network | None = None,
        deliver: Deliver = NOW,
        aids: Sequence[Aid] = ISDR_AIDS,
        block_size: int = LARGEST_BLOCK,
        locks: Locks | None = None,
        reader: str = "",
        euicc: Euicc | None = None,
        wait: float | None = None,
    ) -> None:
        """Open the eUICC behind `transport`, which is closed with this assistant.

        `state_dir`: where receipts and journal are kept; `LPA_STATE_DIR` or the user's state folder if None.
        `network`: the way to servers; directly, with the system's authorities, if None. `servers`: from a
        server's address to the server, instead of a `network`.
        `deliver`: what becomes of the notifications of a change, unless its call says otherwise. Each is kept
        here as a receipt, and on the card until its server acknowledged it. "now": sent at once. "later":
        by `send_due_notifications` or the next change, of any program with this state folder. "never": only
        by `send_notifications`; later ones of the card for the same server wait for it (§3.5).
        `locks`: what keeps programs from working on one card together; a lock in the state folder if None.
        `reader`: what a person calls the reader that holds the card. `euicc`: its session, if it is open.
        `wait`: how many seconds a method waits for another thread, and for another process if `locks` is
        None, before it raises `CardBusy`; 0 for not at all, `math.inf` for as long as it takes. None: as long
        as another thread takes, and not at all for another process.
        """
        channels.expect_transport(transport)
        expect("network", network, Network, type(None))
        if servers and network:
            raise TypeError("give servers or a network, not both")
        self.deliver = delivering.checked(deliver)
        self.reader = reader
        self._snapshot = ""  # what the card showed to the last plan, while nothing was changed since
        self._transport = transport
        self._turns = Turns(wait)
        self._state_dir = settings.state_dir(state_dir)
        self._locks = locks or Locks(self._state_dir, wait=wait)
        self._journal: Journal | None = None
        self.recovered: tuple[Recovery, ...] = ()
        """What was unfinished on this card, and was recovered before the change that was asked for."""
        with ExitStack() as opened:
            opened.callback(foreign.closed, transport.close)
            self.euicc = opened.enter_context(euicc or Euicc(transport, aids=aids, block_size=block_size))
            made = (network or Network()).servers(self._state_dir)
            self._servers = servers or opened.enter_context(closing(made))
            self._opened = opened.pop_all()

    @classmethod
    def open(
        cls,
        reader: str | None = None,
        *,
        state_dir: Path | None = None,
        servers: ServerFactory | None = None,
        network: Network | None = None,
        deliver: Deliver = NOW,
        aids: Sequence[Aid] = ISDR_AIDS,
        block_size: int = LARGEST_BLOCK,
        locks: Locks | None = None,
        first: bytes = b"",
        timeouts: Timeouts | None = None,
        wait: float | None = None,
        stop: Stop | None = None,
    ) -> Self:
        """Open the eUICC in a reader: the one called `reader`, or the only one that holds an eUICC.

        `reader`: the name of a PC/SC reader or a part of it, its number, or `sim:PATH` for a simulated card;
        with `#2` behind it for the second secure element of a card; `LPA_READER` if None. If another lpa, of
        any user, works with the card, `CardBusy` says which, unless `locks` or `wait` waits.
        `first`: see `IsdrSession`. `timeouts`: of PC/SC. `wait`: as for `Assistant`.
        """
        locks = locks or Locks.of_host(wait=wait)
        with stoppable(stop), using(timeouts or current()):
            card = schemes.open_card(settings.reader(reader), aids, block_size, locks, first)
        opened = partial(cls, card.transport, euicc=card.euicc, reader=card.name, deliver=deliver)
        return opened(state_dir=state_dir, servers=servers, network=network, locks=locks, wait=wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ending: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the channel and the card, and close the connections to servers.

        From any thread, once the method that runs in another one has ended.
        """
        self._turns.close(self._opened.close)

    @property
    def eid(self) -> Eid:
        """The card's number."""
        return self._turns.run(lambda: self.euicc.eid)

    @cached_property
    def receipts(self) -> Receipts:
        """The receipts that are kept on this computer."""
        return receipts.Receipts.open(self._state_dir)

    @property
    def journal(self) -> Journal:
        """The operations on cards and the notifications that this computer recorded."""
        return self._journal or self._turns.run(self._open_journal)

    def _recover(self, deliver: Deliver | None = None) -> tuple[Recovery, ...]:
        """See `Assistant.recover`. `deliver`: for a change that is to deliver so."""
        before = self.recovered
        usual = NOW if self.deliver == NOW else LATER
        card = self._delivering(usual if deliver is None else deliver)
        try:
            for one in recovery.recover(card, self._outbox()):
                self.recovered += (one,)
                self._snapshot = ""  # The card was reset, or changed.
        except StopRequested as stopped:
            stopped.describe(recovery.STOPPED, RESUME_FINDS_OUT, self.recovered[len(before) :])
            raise
        return self.recovered[len(before) :]

    def _named(self, name: ProfileName, function: str = "GetProfilesInfo") -> Profile:
        return selection.read(self.euicc, selection.exact(name), function)[1]

    @property
    def _card(self) -> card_context.CardContext:
        return self._delivering(None)

    def _delivering(self, deliver: Deliver | None) -> card_context.CardContext:
        chosen = self.deliver if deliver is None else delivering.checked(deliver)
        return card_context.CardContext(self.euicc, self.journal, self.receipts, chosen)

    def _recovered_card(self, deliver: Deliver | None = None) -> card_context.CardContext:
        """For a change of the card, after which a plan that was made before is old."""
        card = self._delivering(deliver)
        self._snapshot = ""
        self._recover(NOW if card.deliver == NOW else LATER)
        return card

    def _unchanged_card(self, plan: Plan, deliver: Deliver | None = None) -> card_context.CardContext:
        """For what a plan was confirmed for, once it is known that the card is still as it was then."""
        expect("plan", plan, planning.Plan)
        card = self._delivering(deliver)
        self._recover(NOW if card.deliver == NOW else LATER)
        shown, self._snapshot = self._snapshot, ""
        if plan.snapshot_digest != shown:
            planning.refuse_if_changed(self.euicc, plan)
        return card

    def _files(self) -> AbstractContextManager[filesystem.UiccFiles]:
        return filesystem.opened(self._transport, self.euicc)

    def _outbox(self, *, keep_on_card: bool = False) -> outbox.Outbox:
        return outbox.Outbox(self._card, self._servers, keep_on_card=keep_on_card)

    def _open_journal(self) -> Journal:
        if self._journal is None:
            opened = journal.Journal(self._state_dir, locks=self._locks)
            self._opened.callback(opened.close)
            self._journal = opened
        return self._journal

    def _planned(self, name: ProfileName, *, disable_first: bool) -> Plan:
        chosen = selection.exact(name)
        plan = planning.make_plan(self.euicc, chosen, disable_first=disable_first, reader=self.reader)
        self._snapshot = plan.snapshot_digest
        return plan
