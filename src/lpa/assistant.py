"""The front door: a Local Profile Assistant for one card."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.later import later
from lpa.shared_card import SharedCard
from lpa.stop import Stop

if TYPE_CHECKING:
    from lpa.deletion import backup_check, backup_first, procedure
    from lpa.deletion import plan as planning
    from lpa.deletion.backup_first import BackupFirst
    from lpa.deletion.plan import Plan
    from lpa.download import discovery, offer
    from lpa.download.offer import Offer
    from lpa.notifications import on_card, removal, send_queue
    from lpa.notifications.delivery import Deliveries, Delivery, PendingNotification
    from lpa.profiles import backup, selection, subscriber, switching, temporary_enable
    from lpa.profiles.backup import Backup
    from lpa.profiles.selection import ProfileName
    from lpa.profiles.subscriber import Subscriber
    from lpa.profiles.switching import Outcome
    from lpa.recovery import Recovery
    from lpa.rsp.activation import ActivationCode
    from lpa.rsp.device import Device
    from lpa.rsp.listing import Listing
    from lpa.rsp.names import ServerAddress
    from lpa.rsp.records import NotificationMetadata, Profile
    from lpa.rsp.session import Event
else:  # A command needs few of them.
    discovery, offer = later("lpa.download", "discovery", "offer")
    planning, procedure = later("lpa.deletion", "plan", "procedure")
    backup_check, backup_first = later("lpa.deletion", "backup_check", "backup_first")
    on_card, removal, send_queue = later("lpa.notifications", "on_card", "removal", "send_queue")
    backup, selection, subscriber = later("lpa.profiles", "backup", "selection", "subscriber")
    switching, temporary_enable = later("lpa.profiles", "switching", "temporary_enable")


class Assistant(SharedCard):
    """A card, this computer's receipts, and the way to the servers. Use it in a `with` block.

    ```python
    with Assistant.open() as assistant:
        for profile in assistant.profiles():
            print(profile.iccid, profile.title, profile.state)
    ```
    What card, server or disk object to is an `LpaError`: see `lpa.errors` for what each asks of the caller.
    Text that is no whole ICCID, and a nickname that is too long, is a ValueError.

    Any thread may call a method: one of them works with the card at a time (`wait`), and nothing relies on
    Python's global lock (GIL). A `with` block of `download` or `temporarily_enabled` has the card until it
    ends; only the thread that entered it calls methods meanwhile. `euicc` is not kept from other threads.
    A forked process must not use the assistant: it gets `CardBusy`, and leaves the card alone.
    `stop`: ends a method early, with `Stopped`, which says what was done; that of a block holds in it too.
    """

    def profiles(self, *, stop: Stop | None = None) -> Listing[Profile]:
        """The profiles on the card, without icons and other details."""
        return self._turns.run(self.euicc.profiles, stop)

    def find(self, name: str, *, stop: Stop | None = None) -> Profile:
        """The one profile that a person means: by its ICCID, by its last digits (four or more), or by AID.

        Raises `Refused` if none or several are meant, and ValueError if `name` can name no profile.
        """
        chosen = selection.Selector.parse(name)
        return self._turns.run(lambda: selection.read(self.euicc, chosen)[1], stop)

    def profile(self, name: ProfileName, *, stop: Stop | None = None) -> Profile:
        """One profile with everything that the card says about it."""
        chosen = selection.exact(name)
        return self._turns.run(lambda: selection.details(self.euicc, chosen), stop)

    def subscriber(
        self, profile: Profile, *, pin: str | None = None, provider: bool = True, stop: Stop | None = None
    ) -> Subscriber:
        """The subscriber of an enabled profile (IMSI, numbers): see `subscriber.read`. `pin`: its PIN."""
        read = partial(subscriber.of_profile, self._files, profile, pin=pin, provider=provider)
        return self._turns.run(read, stop)

    def back_up(
        self,
        folder: Path,
        name: ProfileName | None = None,
        *,
        pin: str | None = None,
        stop: Stop | None = None,
    ) -> Backup:
        """Save the contacts, messages and numbers of the enabled profile into a new folder.

        `name`: which profile that must be; any if None. `pin`: its PIN, if it is locked with one.
        Raises `Refused` if it is not enabled or locked, or if the folder exists.
        """

        def save() -> Backup:
            chosen = selection.enabled(self.euicc) if name is None else self._named(name)
            with self._files() as files:
                return backup.back_up(files, chosen.iccid, folder, pin=pin)

        return self._turns.run(save, stop)

    # Changes

    def enable(self, name: ProfileName, *, stop: Stop | None = None) -> Outcome:
        """Enable a profile, which disables the enabled one, and notify the servers."""
        chosen = selection.exact(name)
        return self._turns.run(lambda: switching.enable(self._recovered_card(), self._outbox(), chosen), stop)

    def disable(self, name: ProfileName, *, stop: Stop | None = None) -> Outcome:
        """Disable the enabled profile, and notify its servers."""
        chosen = selection.exact(name)
        return self._turns.run(
            lambda: switching.disable(self._recovered_card(), self._outbox(), chosen), stop
        )

    def temporarily_enabled(
        self, name: ProfileName, *, stop: Stop | None = None
    ) -> AbstractContextManager[list[Outcome]]:
        """Enable a profile while a `with` block runs: see `temporary_enable.temporarily_enabled`."""
        chosen = selection.exact(name)
        enable = temporary_enable.temporarily_enabled
        return self._turns.block(lambda: enable(self._recovered_card(), self._outbox(), chosen), stop)

    def rename(self, name: ProfileName, nickname: str, *, stop: Stop | None = None) -> Profile:
        """Give a profile a nickname of at most 64 bytes of UTF-8; empty for none. Returns it as it was."""

        def set_nickname() -> Profile:
            chosen = self._named(name)
            self._snapshot = ""
            self.euicc.set_nickname(chosen.iccid, nickname)
            return chosen

        return self._turns.run(set_nickname, stop)

    def reset(self, options: Collection[str], *, stop: Stop | None = None) -> Outcome:
        """Delete many profiles at once (`Euicc.memory_reset` has the options): see `switching.reset`."""
        return self._turns.run(lambda: switching.reset(self._recovered_card(), self._outbox(), options), stop)

    def protect(self, name: ProfileName) -> Profile:
        """Protect a profile from deletion on this computer, until `unprotect`. Returns the profile."""
        chosen = self._turns.run(lambda: self._named(name))
        self.journal.protect(chosen.iccid)
        return chosen

    def unprotect(self, name: ProfileName) -> Profile:
        """Lift the protection of a profile. Returns the profile."""
        chosen = self._turns.run(lambda: self._named(name))
        self.journal.unprotect(chosen.iccid)
        return chosen

    # Deletion

    def plan_deletion(
        self, name: ProfileName, *, disable_first: bool = False, stop: Stop | None = None
    ) -> Plan:
        """Plan the deletion of a profile. Changes nothing.

        The findings are in the plan, not raised: `blockers` make the deletion impossible, `warnings` should
        be accepted by a person one by one. `disable_first`: consent to disable an enabled profile before.
        """
        return self._turns.run(lambda: self._planned(name, disable_first=disable_first), stop)

    def revalidate(self, saved: Plan, *, stop: Stop | None = None) -> Plan:
        """An earlier plan, made again. Raises `Refused` if the card is another one, or has changed."""

        def plan() -> Plan:
            planning.refuse_if_changed(self.euicc, saved)
            return self._planned(saved.profile, disable_first=saved.disable_first)

        return self._turns.run(plan, stop)

    def review_deletion(self, plan: Plan, *, stop: Stop | None = None) -> Plan:
        """Look closer: pending notifications, whether servers can be reached, what no card can check."""
        return self._turns.run(lambda: planning.review(self._card, self._outbox(), plan), stop)

    def review_backup(self, plan: Plan, folder: Path | None = None, *, stop: Stop | None = None) -> Plan:
        """Look closer at whether what the profile holds can be saved first: see `backup_check.review`."""

        def review() -> Plan:
            with self._files() as files:
                return backup_check.review(files, plan, folder)

        return self._turns.run(review, stop)

    def back_up_first(
        self, plan: Plan, folder: Path, *, pin: str | None = None, stop: Stop | None = None
    ) -> BackupFirst:
        """As `back_up`, before a deletion; see `temporarily_enabled` for a disabled profile.

        A backup that fails is in the result, not raised. Raises as `delete` if the card has changed.
        """

        def save() -> BackupFirst:
            card = self._unchanged_card(plan)
            return backup_first.back_up_first(card, self._outbox(), self._files, plan, folder, pin=pin)

        return self._turns.run(save, stop)

    def delete(self, plan: Plan, reason: str = "", *, stop: Stop | None = None) -> Outcome:
        """Delete a profile for ever, as planned, and notify its servers. `reason` stays on this computer.

        Raises `Refused` with the first blocker of the plan, and with "cardChanged" if the card is not as it
        was when the plan was made.
        """
        return self._turns.run(
            lambda: procedure.delete(self._unchanged_card(plan), self._outbox(), plan, reason), stop
        )

    # Download

    def download(
        self,
        order: ActivationCode | Event | None = None,
        *,
        device: Device | None = None,
        stop: Stop | None = None,
    ) -> AbstractContextManager[Offer]:
        """What is offered to this card, in a `with` block that ends the session: see `lpa.download.offer`.

        `order`: None for the order at the card's default SM-DP+. `device`: that the card is for.
        """
        discovery.expect_order(order)

        def begin() -> AbstractContextManager[Offer]:
            code = discovery.code_for(self.euicc, order)
            card = self._recovered_card()
            return offer.offered(card, self._outbox(), self._servers, code, device, turns=self._turns)

        return self._turns.block(begin, stop)

    def discover(
        self, at: ServerAddress | None = None, *, device: Device | None = None, stop: Stop | None = None
    ) -> tuple[Event, ...]:
        """The events for this card at the SM-DS `at`; at the root SM-DS of the card if None."""
        return self._turns.run(lambda: discovery.events(self.euicc, self._servers, device, at), stop)

    # Notifications, receipts, recovery

    def notifications(self, *, stop: Stop | None = None) -> Listing[NotificationMetadata]:
        """The notifications that are on the card. Raises `BadAnswer` or `EuiccRefused` if it does not say."""
        return self._turns.run(lambda: on_card.OnCard(self.euicc).listed(), stop)

    def pending_notifications(self) -> tuple[PendingNotification, ...]:
        """What is kept here, of any card, that no server acknowledged; and when each is retried."""
        return send_queue.pending(self.journal)

    def send_notifications(self, *, due_only: bool = False, stop: Stop | None = None) -> Deliveries:
        """Send what is on this card, and what is kept here of any card, due or not.

        `due_only`: of this card alone, and leave what is not due, with the time of its next try.
        """

        def send() -> Deliveries:
            return self._outbox().send_pending_if_due() if due_only else self._outbox().send_pending()

        return self._turns.run(send, stop)

    def send_own_notifications(self, *, stop: Stop | None = None) -> Deliveries:
        """Send what is on this card, and what is kept here of it, due or not."""
        return self._turns.run(lambda: self._outbox().send_own(), stop)

    def send_due_notifications(self, *, stop: Stop | None = None) -> tuple[Delivery, ...]:
        """Send what is kept here of any card, and due. What is only on the card stays there."""
        return self._turns.run(lambda: self._outbox().send_due(), stop)

    def remove_notification(self, sequence_number: int, *, stop: Stop | None = None) -> NotificationMetadata:
        """Remove a notification from the card, acknowledged or not. Nothing is sent; its receipt stays."""
        return self._turns.run(lambda: removal.remove(self._card, self._outbox(), sequence_number), stop)

    def recover(self, *, stop: Stop | None = None) -> tuple[Recovery, ...]:
        """Complete the interrupted operations on this card, from what the card shows. Nothing is deleted.

        Its servers are notified, and after a temporary enable the previous profile is restored. Every change
        does this first: see `recovered`.
        """
        return self._turns.run(self._recover, stop)
