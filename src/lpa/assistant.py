"""The front door: a Local Profile Assistant for one card."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lpa.card.apdu import LARGEST_BLOCK, Transport
from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.card.timeouts import Timeouts, current, using
from lpa.host import settings
from lpa.host.locks import Locks
from lpa.later import later
from lpa.rsp.arguments import expect
from lpa.server.on_demand import ServersOnDemand

if TYPE_CHECKING:
    from lpa import journal, recovery
    from lpa.card import information, schemes
    from lpa.card.files import filesystem
    from lpa.card.information import CardInfo
    from lpa.deletion import backup_check, backup_first, procedure
    from lpa.deletion import plan as planning
    from lpa.deletion.backup_first import BackupFirst
    from lpa.deletion.plan import Plan
    from lpa.download import discovery, offer
    from lpa.download.offer import Offer
    from lpa.journal import Journal
    from lpa.notifications import card_context, on_card, outbox, receipts, removal, send_queue
    from lpa.notifications.delivery import Deliveries, Delivery, PendingNotification
    from lpa.notifications.receipts import Receipts
    from lpa.notifications.sender import ServerFactory
    from lpa.profiles import backup, selection, subscriber, switching, temporary_enable
    from lpa.profiles.backup import Backup
    from lpa.profiles.selection import ProfileName
    from lpa.profiles.subscriber import Subscriber
    from lpa.profiles.switching import Outcome
    from lpa.recovery import Recovery
    from lpa.rsp.activation import ActivationCode
    from lpa.rsp.device import Device
    from lpa.rsp.listing import Listing
    from lpa.rsp.names import Aid, Eid, ServerAddress
    from lpa.rsp.records import NotificationMetadata, Profile
    from lpa.rsp.session import Event
else:  # A command needs few of them.
    journal, recovery, schemes = later("lpa", "journal", "recovery", "card.schemes")
    information, filesystem = later("lpa.card", "information", "files.filesystem")
    discovery, offer = later("lpa.download", "discovery", "offer")
    planning, procedure = later("lpa.deletion", "plan", "procedure")
    backup_check, backup_first = later("lpa.deletion", "backup_check", "backup_first")
    card_context, on_card, outbox = later("lpa.notifications", "card_context", "on_card", "outbox")
    receipts, removal, send_queue = later("lpa.notifications", "receipts", "removal", "send_queue")
    backup, selection, subscriber = later("lpa.profiles", "backup", "selection", "subscriber")
    switching, temporary_enable = later("lpa.profiles", "switching", "temporary_enable")


class Assistant:
    """A card, this computer's receipts, and the way to the servers. Use it in a `with` block.

    ```python
    with Assistant.open() as assistant:
        for profile in assistant.profiles():
            print(profile.iccid, profile.title, profile.state)
    ```
    What card, server or disk object to is an `LpaError`: see `lpa.errors` for what each asks of the caller.
    Text that is no whole ICCID, and a nickname that is too long, is a ValueError.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        state_dir: Path | None = None,
        servers: ServerFactory | None = None,
        aids: Sequence[Aid] = ISDR_AIDS,
        block_size: int = LARGEST_BLOCK,
        locks: Locks | None = None,
        reader: str = "",
        euicc: Euicc | None = None,
    ) -> None:
        """Open the eUICC behind `transport`, which is closed with this assistant.

        `state_dir`: where receipts and journal are kept; `LPA_STATE_DIR` or the user's state folder if None.
        `servers`: from a server's address to the server; over HTTPS with the system's authorities if None.
        `locks`: what keeps programs from working on one card together; a lock in the state folder if None.
        `reader`: what a person calls the reader that holds the card. `euicc`: its session, if it is open.
        """
        self.reader = reader
        self._snapshot = ""  # what the card showed to the last plan, while nothing was changed since
        self._transport = transport
        self._locks = locks
        self._state_dir = settings.state_dir(state_dir)
        self._journal: Journal | None = None
        self.recovered: tuple[Recovery, ...] = ()
        """What was unfinished on this card, and was recovered before the change that was asked for."""
        with ExitStack() as opened:
            opened.callback(transport.close)
            self.euicc = opened.enter_context(euicc or Euicc(transport, aids=aids, block_size=block_size))
            self._servers = servers or opened.enter_context(closing(ServersOnDemand(self._state_dir)))
            self._opened = opened.pop_all()

    @classmethod
    def open(
        cls,
        reader: str | None = None,
        *,
        state_dir: Path | None = None,
        servers: ServerFactory | None = None,
        aids: Sequence[Aid] = ISDR_AIDS,
        block_size: int = LARGEST_BLOCK,
        locks: Locks | None = None,
        first: bytes = b"",
        timeouts: Timeouts | None = None,
    ) -> Self:
        """Open the eUICC in a reader: the one called `reader`, or the only one that holds an eUICC.

        `reader`: the name of a PC/SC reader or a part of it, its number, or `sim:PATH` for a simulated card;
        with `#2` behind it for the second secure element of a card; `LPA_READER` if None. If another lpa, of
        any user, works with the card, `CardBusy` says which; or `locks` waits. `first`: see `IsdrSession`.
        `timeouts`: of PC/SC.
        """
        locks = locks or Locks.of_host()
        with using(timeouts or current()):
            card = schemes.open_card(settings.reader(reader), aids, block_size, locks, first)
        opened = partial(cls, card.transport, euicc=card.euicc, reader=card.name)
        return opened(state_dir=state_dir, servers=servers, locks=locks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ending: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the channel and the card, and close the connections to servers."""
        self._opened.close()

    @property
    def eid(self) -> Eid:
        """The card's number."""
        return self.euicc.eid

    def info(self) -> CardInfo:
        """What the card says about itself: versions, memory, trusted issuers, servers, rules."""
        return information.read(self.euicc)

    def profiles(self) -> Listing[Profile]:
        """The profiles on the card, without icons and other details."""
        return self.euicc.profiles()

    def find(self, name: str) -> Profile:
        """The one profile that a person means: by its ICCID, by its last digits (four or more), or by AID.

        Raises `NoSuchProfile` or `AmbiguousProfile` if none or several are meant, and ValueError if `name`
        can name no profile.
        """
        return selection.read(self.euicc, selection.Selector.parse(name))[1]

    def profile(self, name: ProfileName) -> Profile:
        """One profile with everything that the card says about it."""
        return selection.details(self.euicc, selection.exact(name))

    def subscriber(self, profile: Profile, *, pin: str | None = None, provider: bool = True) -> Subscriber:
        """The subscriber of an enabled profile (IMSI, numbers): see `subscriber.read`. `pin`: its PIN."""
        return subscriber.of_profile(self._files, profile, pin=pin, provider=provider)

    def back_up(self, folder: Path, name: ProfileName | None = None, *, pin: str | None = None) -> Backup:
        """Save the contacts, messages and numbers of the enabled profile into a new folder.

        `name`: which profile that must be; any if None. `pin`: its PIN, if it is locked with one.
        Raises `Refused` if it is not enabled or locked, or if the folder exists.
        """
        chosen = selection.enabled(self.euicc) if name is None else self._named(name)
        with self._files() as files:
            return backup.back_up(files, chosen.iccid, folder, pin=pin)

    # Changes

    def enable(self, name: ProfileName) -> Outcome:
        """Enable a profile, which disables the enabled one, and notify the servers."""
        chosen = selection.exact(name)
        return switching.enable(self._recovered_card(), self._outbox(), chosen)

    def disable(self, name: ProfileName) -> Outcome:
        """Disable the enabled profile, and notify its servers."""
        chosen = selection.exact(name)
        return switching.disable(self._recovered_card(), self._outbox(), chosen)

    def temporarily_enabled(self, name: ProfileName) -> AbstractContextManager[list[Outcome]]:
        """Enable a profile while a `with` block runs: see `temporary_enable.temporarily_enabled`."""
        chosen = selection.exact(name)
        return temporary_enable.temporarily_enabled(self._recovered_card(), self._outbox(), chosen)

    def rename(self, name: ProfileName, nickname: str) -> Profile:
        """Give a profile a nickname of at most 64 bytes of UTF-8; empty for none. Returns it as it was."""
        chosen = self._named(name, "SetNickname")
        self._snapshot = ""
        self.euicc.set_nickname(chosen.iccid, nickname)
        return chosen

    def reset(self, options: Collection[str]) -> Outcome:
        """Delete many profiles at once (`Euicc.memory_reset` has the options): see `switching.reset`."""
        return switching.reset(self._recovered_card(), self._outbox(), options)

    def protect(self, name: ProfileName) -> Profile:
        """Protect a profile from deletion on this computer, until `unprotect`. Returns the profile."""
        chosen = self._named(name)
        self.journal.protect(chosen.iccid)
        return chosen

    def unprotect(self, name: ProfileName) -> Profile:
        """Lift the protection of a profile. Returns the profile."""
        chosen = self._named(name)
        self.journal.unprotect(chosen.iccid)
        return chosen

    # Deletion

    def plan_deletion(self, name: ProfileName, *, disable_first: bool = False) -> Plan:
        """Plan the deletion of a profile. Changes nothing.

        The findings are in the plan, not raised: `blockers` make the deletion impossible, `warnings` should
        be accepted by a person one by one. `disable_first`: consent to disable an enabled profile before.
        """
        chosen = selection.exact(name)
        plan = planning.make_plan(self.euicc, chosen, disable_first=disable_first, reader=self.reader)
        self._snapshot = plan.snapshot_digest
        return plan

    def revalidate(self, saved: Plan) -> Plan:
        """An earlier plan, made again. Raises `Refused` if the card is another one, or has changed."""
        planning.refuse_if_changed(self.euicc, saved)
        return self.plan_deletion(saved.profile, disable_first=saved.disable_first)

    def review_deletion(self, plan: Plan) -> Plan:
        """Look closer: pending notifications, whether servers can be reached, what no card can check."""
        return planning.review(self._card, self._outbox(), plan)

    def review_backup(self, plan: Plan, folder: Path | None = None) -> Plan:
        """Look closer at whether what the profile holds can be saved first: see `backup_check.review`."""
        with self._files() as files:
            return backup_check.review(files, plan, folder)

    def back_up_first(self, plan: Plan, folder: Path, *, pin: str | None = None) -> BackupFirst:
        """As `back_up`, before a deletion; see `temporarily_enabled` for a disabled profile.

        A backup that fails is in the result, not raised. Raises as `delete` if the card has changed.
        """
        card = self._unchanged_card(plan)
        return backup_first.back_up_first(card, self._outbox(), self._files, plan, folder, pin=pin)

    def delete(self, plan: Plan, reason: str = "") -> Outcome:
        """Delete a profile for ever, as planned, and notify its servers. `reason` stays on this computer.

        Raises `Refused` with the first blocker of the plan, and with "cardChanged" if the card is not as it
        was when the plan was made.
        """
        return procedure.delete(self._unchanged_card(plan), self._outbox(), plan, reason)

    # Download

    def download(
        self, order: ActivationCode | Event | None = None, *, device: Device | None = None
    ) -> AbstractContextManager[Offer]:
        """What is offered to this card, in a `with` block that ends the session: see `lpa.download.offer`.

        `order`: None for the order at the card's default SM-DP+. `device`: that the card is for.
        """
        code = discovery.code_for(self.euicc, order)
        return offer.offered(self._recovered_card(), self._outbox(), self._servers, code, device)

    def discover(self, at: ServerAddress | None = None, *, device: Device | None = None) -> tuple[Event, ...]:
        """The events for this card at the SM-DS `at`; at the root SM-DS of the card if None."""
        return discovery.events(self.euicc, self._servers, device, at)

    # Notifications, receipts, recovery

    @cached_property
    def receipts(self) -> Receipts:
        """The receipts that are kept on this computer."""
        return receipts.Receipts.open(self._state_dir)

    @property
    def journal(self) -> Journal:
        """The operations on cards and the notifications that this computer recorded."""
        if self._journal is None:
            self._journal = journal.Journal(self._state_dir, locks=self._locks)
            self._opened.callback(self._journal.close)
        return self._journal

    def notifications(self) -> Listing[NotificationMetadata]:
        """The notifications that are on the card. Raises `BadAnswer` or `EuiccRefused` if it does not say."""
        return on_card.OnCard(self.euicc).listed()

    def pending_notifications(self) -> tuple[PendingNotification, ...]:
        """What is kept here, of any card, that no server acknowledged; and when each is retried."""
        return send_queue.pending(self.journal)

    def send_notifications(self, *, due_only: bool = False) -> Deliveries:
        """Send what is on this card, and what is kept here of any card, due or not.

        `due_only`: of this card alone, and leave what is not due, with the time of its next try.
        """
        return self._outbox().send_pending_if_due() if due_only else self._outbox().send_pending()

    def send_own_notifications(self) -> Deliveries:
        """Send what is on this card, and what is kept here of it, due or not."""
        return self._outbox().send_own()

    def send_due_notifications(self) -> tuple[Delivery, ...]:
        """Send what is kept here of any card, and due. What is only on the card stays there."""
        return self._outbox().send_due()

    def remove_notification(self, sequence_number: int) -> NotificationMetadata:
        """Remove a notification from the card, acknowledged or not. Nothing is sent; its receipt stays.

        If it is only pending on this computer, it is not sent any more. Raises `NoSuchNotification` if it is
        in neither place.
        """
        return removal.remove(self._card, self._outbox(), sequence_number)

    def recover(self) -> tuple[Recovery, ...]:
        """Complete the interrupted operations on this card, from what the card shows. Nothing is deleted.

        Its servers are notified, and after a temporary enable the previous profile is restored. Every change
        does this first: see `recovered`.
        """
        before = self.recovered
        for one in recovery.recover(self._card, self._outbox()):
            self.recovered += (one,)
            self._snapshot = ""  # The card was reset, or changed.
        return self.recovered[len(before) :]

    # Inside

    def _named(self, name: ProfileName, function: str = "GetProfilesInfo") -> Profile:
        return selection.read(self.euicc, selection.exact(name), function)[1]

    @property
    def _card(self) -> card_context.CardContext:
        return card_context.CardContext(self.euicc, self.journal, self.receipts)

    def _recovered_card(self) -> card_context.CardContext:
        """For a change of the card, after which a plan that was made before is old."""
        self._snapshot = ""
        self.recover()
        return self._card

    def _unchanged_card(self, plan: Plan) -> card_context.CardContext:
        """For what a plan was confirmed for, once it is known that the card is still as it was then."""
        expect("plan", plan, planning.Plan)
        self.recover()
        shown, self._snapshot = self._snapshot, ""
        if plan.snapshot_digest != shown:
            planning.refuse_if_changed(self.euicc, plan)
        return self._card

    def _files(self) -> AbstractContextManager[filesystem.UiccFiles]:
        return filesystem.opened(self._transport, self.euicc)

    def _outbox(self) -> outbox.Outbox:
        return outbox.Outbox(self._card, self._servers)
