"""The front door for coroutines: an `Assistant` that works in a thread of its own.

Law: no procedure is here. Each verb runs the verb of `Assistant` with the same name in the card's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from lpa.aio.async_block import AsyncBlock
from lpa.aio.async_offer import AsyncOffer, DownloadBlock
from lpa.aio.card_thread import CardCall, CardThread, in_loop
from lpa.assistant import Assistant
from lpa.stop import Stop

if TYPE_CHECKING:
    from lpa.card.information import CardInfo
    from lpa.deletion.backup_first import BackupFirst
    from lpa.deletion.plan import Plan
    from lpa.download.decided import Decide
    from lpa.download.offer import ConfirmationCode
    from lpa.notifications.delivery import Deliveries, Delivery, PendingNotification
    from lpa.profiles.backup import Backup
    from lpa.profiles.selection import ProfileName
    from lpa.profiles.subscriber import Subscriber
    from lpa.profiles.switching import Outcome
    from lpa.recovery import Recovery
    from lpa.rsp.activation import ActivationCode
    from lpa.rsp.deliver import Deliver
    from lpa.rsp.device import Device
    from lpa.rsp.listing import Listing
    from lpa.rsp.names import Eid, ServerAddress
    from lpa.rsp.records import NotificationMetadata, Profile
    from lpa.rsp.session import Event
    from lpa.rsp.steps import Progress

_T = TypeVar("_T")
_P = ParamSpec("_P")


class AsyncAssistant:
    """A card for coroutines: the verbs of `Assistant`, one at a time. Use it in an `async with` block.

    ```python
    async with lpa.aio.open() as card:
        for profile in await card.profiles():
            print(profile.iccid, profile.title, profile.state)
    ```
    Any task of the loop may use it: verbs are carried out in the order in which they were called. `stop`
    ends a verb between two steps with `Stopped`. So does cancelling its task, which then waits until the
    verb has ended: `Stopped` is the cause of the `CancelledError`, and its `outcome` is what was done.
    Leaving the block waits for the verbs that were called before. `progress` is a function that is called in
    the loop; if it raises, the loop's exception handler gets the error, and the verb goes on.
    """

    def __init__(self, opener: Callable[[], Assistant], *, stop: Stop | None = None) -> None:
        """`opener`: opens the assistant, in the card's thread. `stop`: for that."""
        self._opener = opener
        self._stop = stop
        self._thread: CardThread | None = None
        self._opened: Assistant | None = None
        self._closing: CardCall[None] | None = None

    async def __aenter__(self) -> Self:
        if self._thread:
            raise RuntimeError("this card was opened before: open it anew")
        self._thread = thread = CardThread()
        try:
            await thread.run(self._open, self._stop)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, GeneratorExit):  # The loop is closed, so nobody can wait.
            self._end()
        else:
            await self.close()

    async def close(self) -> None:
        """Give back the card, and close the connections, after the verbs that were called before."""
        if closing := self._end():
            await closing.result()

    @property
    def reader(self) -> str:
        """What a person calls the reader that holds the card."""
        return self._assistant.reader

    @property
    def recovered(self) -> tuple[Recovery, ...]:
        """What was unfinished on this card, and was recovered before the change that was asked for."""
        return self._assistant.recovered

    async def run(self, function: Callable[[Assistant], _T], *, stop: Stop | None = None) -> _T:
        """What `function` returns for the assistant. For what is no verb: its journal, receipts and `euicc`.

        It is called in the card's thread.
        """
        return await self._do(stop, partial(function, self._assistant))

    async def eid(self, *, stop: Stop | None = None) -> Eid:
        """The card's number."""
        return await self.run(lambda assistant: assistant.eid, stop=stop)

    async def info(self, *, stop: Stop | None = None) -> CardInfo:
        """What the card says about itself: versions, memory, trusted issuers, servers, rules."""
        return await self._do(stop, self._assistant.info)

    async def profiles(self, *, stop: Stop | None = None) -> Listing[Profile]:
        """The profiles on the card, without icons and other details."""
        return await self._do(stop, self._assistant.profiles)

    async def find(self, name: str, *, stop: Stop | None = None) -> Profile:
        """The one profile that a person means: see `Assistant.find`."""
        return await self._do(stop, self._assistant.find, name)

    async def profile(self, name: ProfileName, *, stop: Stop | None = None) -> Profile:
        """One profile with everything that the card says about it."""
        return await self._do(stop, self._assistant.profile, name)

    async def subscriber(
        self, profile: Profile, *, pin: str | None = None, provider: bool = True, stop: Stop | None = None
    ) -> Subscriber:
        """The subscriber of an enabled profile (IMSI, numbers): see `Assistant.subscriber`."""
        return await self._do(stop, self._assistant.subscriber, profile, pin=pin, provider=provider)

    async def back_up(
        self,
        folder: Path,
        name: ProfileName | None = None,
        *,
        pin: str | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Backup:
        """Save the contacts, messages and numbers of the enabled profile: see `Assistant.back_up`."""
        verb = self._assistant.back_up
        return await self._do(stop, verb, folder, name, pin=pin, progress=_in_loop(progress))

    # Changes

    async def enable(
        self,
        name: ProfileName,
        *,
        deliver: Deliver | None = None,
        refresh: bool | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Enable a profile, which disables the enabled one: see `Assistant.enable`."""
        verb, steps = self._assistant.enable, _in_loop(progress)
        return await self._do(stop, verb, name, deliver=deliver, refresh=refresh, progress=steps)

    async def disable(
        self,
        name: ProfileName,
        *,
        deliver: Deliver | None = None,
        refresh: bool | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Disable the enabled profile, and notify its servers. See `Assistant.disable`."""
        verb, steps = self._assistant.disable, _in_loop(progress)
        return await self._do(stop, verb, name, deliver=deliver, refresh=refresh, progress=steps)

    def temporarily_enabled(
        self,
        name: ProfileName,
        *,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> AbstractAsyncContextManager[list[Outcome]]:
        """Enable a profile while an `async with` block runs: see `Assistant.temporarily_enabled`.

        `stop`: for enabling it. Nothing stops the restoration of the previous one.
        """
        verb, steps = self._assistant.temporarily_enabled, _in_loop(progress)
        return AsyncBlock(self._running_thread, partial(verb, name, deliver=deliver, progress=steps), stop)

    async def rename(self, name: ProfileName, nickname: str, *, stop: Stop | None = None) -> Profile:
        """Give a profile a nickname; empty for none. Returns it as it was: see `Assistant.rename`."""
        return await self._do(stop, self._assistant.rename, name, nickname)

    async def reset(
        self,
        options: Collection[str],
        *,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Delete many profiles at once: see `Assistant.reset`."""
        verb = self._assistant.reset
        return await self._do(stop, verb, options, deliver=deliver, progress=_in_loop(progress))

    async def protect(self, name: ProfileName, *, stop: Stop | None = None) -> Profile:
        """Protect a profile from deletion on this computer, until `unprotect`. Returns the profile."""
        return await self._do(stop, self._assistant.protect, name)

    async def unprotect(self, name: ProfileName, *, stop: Stop | None = None) -> Profile:
        """Lift the protection of a profile. Returns the profile."""
        return await self._do(stop, self._assistant.unprotect, name)

    # Deletion

    async def plan_deletion(
        self, name: ProfileName, *, disable_first: bool = False, stop: Stop | None = None
    ) -> Plan:
        """Plan the deletion of a profile. Changes nothing. See `Assistant.plan_deletion`."""
        return await self._do(stop, self._assistant.plan_deletion, name, disable_first=disable_first)

    async def revalidate(self, saved: Plan, *, stop: Stop | None = None) -> Plan:
        """An earlier plan, made again. Raises `Refused` if the card is another one, or has changed."""
        return await self._do(stop, self._assistant.revalidate, saved)

    async def review_deletion(
        self, plan: Plan, *, progress: Progress | None = None, stop: Stop | None = None
    ) -> Plan:
        """Look closer: pending notifications, whether servers can be reached, what no card can check."""
        return await self._do(stop, self._assistant.review_deletion, plan, progress=_in_loop(progress))

    async def review_backup(
        self, plan: Plan, folder: Path | None = None, *, stop: Stop | None = None
    ) -> Plan:
        """Look closer at whether what the profile holds can be saved first."""
        return await self._do(stop, self._assistant.review_backup, plan, folder)

    async def back_up_first(
        self,
        plan: Plan,
        folder: Path,
        *,
        pin: str | None = None,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> BackupFirst:
        """As `back_up`, before a deletion: see `Assistant.back_up_first`."""
        verb, steps = self._assistant.back_up_first, _in_loop(progress)
        return await self._do(stop, verb, plan, folder, pin=pin, deliver=deliver, progress=steps)

    async def delete(
        self,
        plan: Plan,
        reason: str = "",
        *,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Delete a profile for ever, as planned, and notify its servers: see `Assistant.delete`."""
        verb, steps = self._assistant.delete, _in_loop(progress)
        return await self._do(stop, verb, plan, reason, deliver=deliver, progress=steps)

    # Download

    def download(
        self,
        order: ActivationCode | Event | None = None,
        *,
        device: Device | None = None,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> AbstractAsyncContextManager[AsyncOffer]:
        """What is offered to this card, in an `async with` block that ends the session.

        Leaving it without an installation postpones the order: see `Assistant.download`. `stop`: also for the
        installation.
        """
        verb, steps, thread = self._assistant.download, _in_loop(progress), self._running_thread
        opener = partial(verb, order, device=device, deliver=deliver, progress=steps)
        return DownloadBlock(thread, AsyncBlock(thread, opener, stop), progress, stop)

    async def install(
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
        """Install what is offered for `order`, if `decide` says so: see `Assistant.install`.

        `decide` and `confirmation_code` are called in the card's thread.
        """
        verb = partial(self._assistant.install, order, decide=decide, confirmation_code=confirmation_code)
        steps = _in_loop(progress)
        return await self._do(stop, verb, device=device, deliver=deliver, progress=steps)

    async def discover(
        self,
        at: ServerAddress | None = None,
        *,
        device: Device | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> tuple[Event, ...]:
        """The events for this card at the SM-DS `at`; at the root SM-DS of the card if None."""
        verb = self._assistant.discover
        return await self._do(stop, verb, at, device=device, progress=_in_loop(progress))

    # Notifications, recovery

    async def notifications(self, *, stop: Stop | None = None) -> Listing[NotificationMetadata]:
        """The notifications that are on the card: see `Assistant.notifications`."""
        return await self._do(stop, self._assistant.notifications)

    async def pending_notifications(self, *, stop: Stop | None = None) -> tuple[PendingNotification, ...]:
        """What is kept here, of any card, that no server acknowledged; and when each is retried."""
        return await self._do(stop, self._assistant.pending_notifications)

    async def send_notifications(
        self,
        *,
        due_only: bool = False,
        only: Iterable[int] | None = None,
        keep: bool = False,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Deliveries:
        """Send what is on this card, and what is kept here: see `Assistant.send_notifications`."""
        verb, steps = self._assistant.send_notifications, _in_loop(progress)
        return await self._do(stop, verb, due_only=due_only, only=only, keep=keep, progress=steps)

    async def send_own_notifications(
        self, *, progress: Progress | None = None, stop: Stop | None = None
    ) -> Deliveries:
        """Send what is on this card, and what is kept here of it, due or not."""
        return await self._do(stop, self._assistant.send_own_notifications, progress=_in_loop(progress))

    async def send_due_notifications(
        self, *, progress: Progress | None = None, stop: Stop | None = None
    ) -> tuple[Delivery, ...]:
        """Send what is kept here of any card, and due. What is only on the card stays there."""
        return await self._do(stop, self._assistant.send_due_notifications, progress=_in_loop(progress))

    async def remove_notification(
        self, sequence_number: int, *, stop: Stop | None = None
    ) -> NotificationMetadata:
        """Remove a notification from the card, acknowledged or not. Nothing is sent; its receipt stays."""
        return await self._do(stop, self._assistant.remove_notification, sequence_number)

    async def recover(
        self,
        *,
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> tuple[Recovery, ...]:
        """Complete the interrupted operations on this card: see `Assistant.recover`."""
        verb = self._assistant.recover
        return await self._do(stop, verb, deliver=deliver, progress=_in_loop(progress))

    # Inside

    async def _do(
        self, stop: Stop | None, verb: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs
    ) -> _T:
        return await self._running_thread.run(partial(verb, *arguments, **named), stop)

    @property
    def _running_thread(self) -> CardThread:
        if self._thread is None or self._closing:
            raise RuntimeError("the card is closed: use it in its `async with` block")
        return self._thread

    @property
    def _assistant(self) -> Assistant:
        if self._opened is None:
            raise RuntimeError("the card is not open: use it in an `async with` block")
        return self._opened

    def _open(self) -> None:
        self._opened = self._opener()

    def _end(self) -> CardCall[None] | None:
        """Have the thread close the card, and end; None if there is no thread."""
        if self._thread and self._closing is None:
            self._closing = self._thread.begin_last(self._close)
            self._thread.end()
        return self._closing

    def _close(self) -> None:
        if self._opened:
            self._opened.close()


def _in_loop(progress: Progress | None) -> Progress | None:
    """A callback that is called in the loop that runs now."""
    return in_loop(progress) if progress else None
