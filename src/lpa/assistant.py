"""The front door: a Local Profile Assistant for one card."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.later import later
from lpa.rsp.steps import shared
from lpa.shared_card import SharedCard
from lpa.stop import Stop

if TYPE_CHECKING:
    from lpa.card import information
    from lpa.card.information import CardInfo
    from lpa.deletion import backup_check, backup_first, procedure
    from lpa.deletion import plan as planning
    from lpa.deletion.backup_first import BackupFirst
    from lpa.deletion.plan import Plan
    from lpa.download import decided, discovery, offer
    from lpa.download.decided import Decide
    from lpa.download.offer import ConfirmationCode, Offer
    from lpa.notifications import chosen, on_card, removal, send_queue
    from lpa.notifications.delivery import Deliveries, Delivery, PendingNotification
    from lpa.profiles import backup, selection, subscriber, switching, temporary_enable
    from lpa.profiles.backup import Backup
    from lpa.profiles.selection import ProfileName
    from lpa.profiles.subscriber import Subscriber
    from lpa.profiles.switching import Outcome
    from lpa.recovery import Recovery
    from lpa.rsp.activation import ActivationCode
    from lpa.rsp.deliver import Deliver
    from lpa.rsp.device import Device
    from lpa.rsp.listing import Listing
    from lpa.rsp.names import ServerAddress
    from lpa.rsp.records import NotificationMetadata, Profile
    from lpa.rsp.session import Event
    from lpa.rsp.steps import Progress
else:  # A command needs few of them.
    (information,) = later("lpa.card", "information")
    decided, discovery, offer = later("lpa.download", "decided", "discovery", "offer")
    planning, procedure = later("lpa.deletion", "plan", "procedure")
    backup_check, backup_first = later("lpa.deletion", "backup_check", "backup_first")
    chosen, on_card = later("lpa.notifications", "chosen", "on_card")
    removal, send_queue = later("lpa.notifications", "removal", "send_queue")
    backup, selection, subscriber = later("lpa.profiles", "backup", "selection", "subscriber")
    switching, temporary_enable = later("lpa.profiles", "switching", "temporary_enable")


class Assistant(SharedCard):
    """A card, this computer's receipts, and the way to the servers. Use it in a `with` block.

    ```python
    with Assistant.open() as assistant:
        for profile in assistant.profiles():
            print(profile.iccid, profile.title, profile.state)
    ```
    What a card, a server or the disk refuses is an `LpaError`: see `lpa.errors` for what each asks of the
    caller. A text that is not a whole ICCID, or a nickname that is too long, is a ValueError.

    Any thread may call a method: one of them works with the card at a time (`wait`), and nothing relies on
    Python's global lock (GIL). A `with` block of `download` or `temporarily_enabled` has the card until it
    ends; only the thread that entered it calls methods meanwhile. `euicc` is not protected from other
    threads. A forked process must not use the assistant: it gets `CardBusy`, and leaves the card alone.
    `stop`: ends a method early, with `Stopped`, which says what was done; that of a block also ends the
    methods that are called in it.
    `progress`: called with each step of a method, see `lpa.rsp.steps`; of a block, with the steps of its
    beginning, and of its end if no error ends it. `deliver`: "now", "later" or "never", see `Deliver`; if
    None, what the assistant was opened with.
    """

    def info(self, *, stop: Stop | None = None) -> CardInfo:
        """What the card says about itself: versions, memory, trusted issuers, servers, rules."""
        return self._turns.run(lambda: information.read(self.euicc), stop)

    def profiles(self, *, stop: Stop | None = None) -> Listing[Profile]:
        """The profiles on the card, without icons and other details."""
        return self._turns.run(self.euicc.profiles, stop)

    def find(self, name: str, *, stop: Stop | None = None) -> Profile:
        """The one profile that a person means: by its ICCID, by its last digits (four or more), or by AID.

        Raises `NoSuchProfile` or `AmbiguousProfile` if none or several are meant, and ValueError if `name`
        can name no profile.
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
        progress: Progress | None = None,
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

        return self._turns.run(save, stop, progress)

    # Changes

    def enable(
        self,
        name: ProfileName,
        *,
        deliver: Deliver | None = None,
        refresh: bool | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Enable a profile, which disables the enabled one, and notify the servers.

        `refresh`: the refreshFlag of the request, which makes a device restart the card (§5.7.16); None for
        what the card accepts, without it first.
        """
        profile = selection.exact(name)

        def enable() -> Outcome:
            return switching.enable(self._recovered_card(deliver), self._outbox(), profile, refresh=refresh)

        return self._turns.run(enable, stop, progress)

    def disable(
        self,
        name: ProfileName,
        *,
        deliver: Deliver | None = None,
        refresh: bool | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Disable the enabled profile, and notify its servers. `refresh`: as for `enable`."""
        profile = selection.exact(name)

        def disable() -> Outcome:
            return switching.disable(self._recovered_card(deliver), self._outbox(), profile, refresh=refresh)

        return self._turns.run(disable, stop, progress)

    def temporarily_enabled(
        self,
        name: ProfileName,
        *,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> AbstractContextManager[list[Outcome]]:
        """Enable a profile while a `with` block runs: see `temporary_enable.temporarily_enabled`."""
        profile, enable = selection.exact(name), temporary_enable.temporarily_enabled

        def begin() -> AbstractContextManager[list[Outcome]]:
            return enable(self._recovered_card(deliver), self._outbox(), profile)

        return self._turns.block(begin, stop, progress)

    def rename(self, name: ProfileName, nickname: str, *, stop: Stop | None = None) -> Profile:
        """Give a profile a nickname of at most 64 bytes of UTF-8; empty for none. Returns it as it was."""

        def set_nickname() -> Profile:
            chosen = self._named(name, "SetNickname")
            self._snapshot = ""
            self.euicc.set_nickname(chosen.iccid, nickname)
            return chosen

        return self._turns.run(set_nickname, stop)

    def reset(
        self,
        options: Collection[str],
        *,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Delete many profiles at once (`Euicc.memory_reset` has the options): see `switching.reset`."""

        def reset() -> Outcome:
            return switching.reset(self._recovered_card(deliver), self._outbox(), options)

        return self._turns.run(reset, stop, progress)

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

    def review_deletion(
        self, plan: Plan, *, progress: Progress | None = None, stop: Stop | None = None
    ) -> Plan:
        """Look closer: pending notifications, whether servers can be reached, what no card can check."""
        return self._turns.run(lambda: planning.review(self._card, self._outbox(), plan), stop, progress)

    def review_backup(self, plan: Plan, folder: Path | None = None, *, stop: Stop | None = None) -> Plan:
        """Look closer at whether what the profile holds can be saved first: see `backup_check.review`."""

        def review() -> Plan:
            if folder is None and not self.euicc.reads_files:
                return plan
            with self._files() as files:
                return backup_check.review(files, plan, folder)

        return self._turns.run(review, stop)

    def back_up_first(
        self,
        plan: Plan,
        folder: Path,
        *,
        pin: str | None = None,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> BackupFirst:
        """As `back_up`, before a deletion; see `temporarily_enabled` for a disabled profile.

        A backup that fails is in the result, not raised. Raises as `delete` if the card has changed.
        """

        def save() -> BackupFirst:
            self._files()  # Refuses before anything is switched, if they cannot be read.
            card = self._unchanged_card(plan, deliver)
            return backup_first.back_up_first(card, self._outbox(), self._files, plan, folder, pin=pin)

        return self._turns.run(save, stop, progress)

    def delete(
        self,
        plan: Plan,
        reason: str = "",
        *,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Delete a profile for ever, as planned, and notify its servers. `reason` stays on this computer.

        The signed notification is a receipt here, and stays on the card until its server acknowledged it, in
        any case.
        Raises `Refused` with the first blocker of the plan, and with "cardChanged" if the card is not as it
        was when the plan was made.
        """

        def delete() -> Outcome:
            return procedure.delete(self._unchanged_card(plan, deliver), self._outbox(), plan, reason)

        return self._turns.run(delete, stop, progress)

    # Download

    def download(
        self,
        order: ActivationCode | Event | None = None,
        *,
        device: Device | None = None,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> AbstractContextManager[Offer]:
        """What is offered to this card, in a `with` block that ends the session: see `lpa.download.offer`.

        `order`: None for the order at the card's default SM-DP+. `device`: that the card is for. `deliver`,
        `progress`: also of `Offer.install`.
        """
        discovery.expect_order(order)
        progress = shared(progress)

        def begin() -> AbstractContextManager[Offer]:
            code = discovery.code_for(self.euicc, order)
            card, parties = self._recovered_card(deliver), (self._outbox(), self._servers)
            return offer.offered(card, *parties, code, device, progress=progress, turns=self._turns)

        return self._turns.block(begin, stop, progress)

    def install(
        self,
        order: ActivationCode | Event | None = None,
        *,
        decide: Decide,
        confirmation_code: ConfirmationCode = "",
        device: Device | None = None,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Install what is offered for `order`, if `decide` returns "install" for the `Offer`.

        "postpone" leaves the order as it is, "reject" refuses it for good: most servers then cancel it.
        Anything else is a ValueError, and postpones it too, as an exception of `decide` does. The outcome has
        no changes if nothing was installed. `confirmation_code`: the text, or a function that is called only
        if one is required. Raises as `Offer.install` and `Offer.reject` do.
        """
        with self.download(order, device=device, deliver=deliver, progress=progress, stop=stop) as offered:
            return decided.carry_out(offered, decide, confirmation_code=confirmation_code)

    def discover(
        self,
        at: ServerAddress | None = None,
        *,
        device: Device | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> tuple[Event, ...]:
        """The events for this card at the SM-DS `at`; at the root SM-DS of the card if None."""
        return self._turns.run(
            lambda: discovery.events(self.euicc, self._servers, device, at), stop, progress
        )

    # Notifications, receipts, recovery

    def notifications(self, *, stop: Stop | None = None) -> Listing[NotificationMetadata]:
        """The notifications that are on the card. Raises `BadAnswer` or `EuiccRefused` if it does not say."""
        return self._turns.run(lambda: on_card.OnCard(self.euicc).listed(), stop)

    def pending_notifications(self) -> tuple[PendingNotification, ...]:
        """What is kept here, of any card, that no server acknowledged; and when each is retried."""
        return send_queue.pending(self.journal)

    def send_notifications(
        self,
        *,
        due_only: bool = False,
        only: Iterable[int] | None = None,
        keep: bool = False,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Deliveries:
        """Send what is on this card, and what is kept here of any card, due or not, also after "never".

        `due_only`: of this card alone, and leave what is not due, with the time of its next try, and what is
        not sent by itself. `only`: those of this card with these sequence numbers; earlier ones for the same
        servers are sent first (§3.5), or `Refused` is raised before anything is sent. `keep`: what a server
        acknowledges stays on the card, and is not sent again; a later call without `keep` removes it.
        """
        if due_only and only is not None:
            raise TypeError("give only or due_only, not both")

        def send() -> Deliveries:
            outbox = self._outbox(keep_on_card=keep)
            if only is not None:
                return chosen.send(self._card, outbox, only)
            return outbox.send_pending_if_due() if due_only else outbox.send_pending()

        return self._turns.run(send, stop, progress)

    def send_own_notifications(
        self, *, progress: Progress | None = None, stop: Stop | None = None
    ) -> Deliveries:
        """Send what is on this card, and what is kept here of it, due or not."""
        return self._turns.run(lambda: self._outbox().send_own(), stop, progress)

    def send_due_notifications(
        self, *, progress: Progress | None = None, stop: Stop | None = None
    ) -> tuple[Delivery, ...]:
        """Send what is kept here of any card, and due. What is only on the card stays there."""
        return self._turns.run(lambda: self._outbox().send_due(), stop, progress)

    def remove_notification(self, sequence_number: int, *, stop: Stop | None = None) -> NotificationMetadata:
        """Remove a notification from the card, acknowledged or not. Nothing is sent; its receipt stays.

        If it is only pending on this computer, it is not sent any more. Raises `NoSuchNotification` if it is
        in neither place.
        """
        return self._turns.run(lambda: removal.remove(self._card, self._outbox(), sequence_number), stop)

    def recover(
        self,
        *,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> tuple[Recovery, ...]:
        """Complete the interrupted operations on this card, from what the card shows. Nothing is deleted.

        Its servers are notified, and after a temporary enable the previous profile is restored. Every change
        does this first: see `recovered`. Each operation delivers as it was begun to, or as `deliver` says if
        that sends less; if None, nothing is sent now unless the assistant delivers "now".
        """
        return self._turns.run(lambda: self._recover(deliver), stop, progress)
