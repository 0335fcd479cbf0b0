"""The front desk: a Local Profile Assistant for one card. It opens the card and hands out the procedures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lpa import recovery
from lpa.card.apdu import LARGEST_BLOCK, Transport
from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.deletion import procedure
from lpa.host.locks import Locks
from lpa.journal import Journal
from lpa.notifications.outbox import Outbox
from lpa.notifications.receipts import Receipts
from lpa.notifications.send_queue import Delivery, Waiting, waiting
from lpa.notifications.sender import Directory
from lpa.profiles import selection, switching, temporary_enable
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress
from lpa.rsp.records import DETAIL_TAGS, NotificationMetadata, Profile

if TYPE_CHECKING:
    from lpa.card.files.filesystem import UiccFiles
    from lpa.deletion.backup_first import Rescue
    from lpa.download.offer import Offer
    from lpa.profiles.backup import Backup, Place
    from lpa.profiles.subscriber import Subscriber
    from lpa.rsp.activation import ActivationCode
    from lpa.rsp.device import Device
    from lpa.rsp.session import Event


class Assistant:
    """A card, this computer's receipts, and the way to the servers. Use it in a `with` block.

    ```python
    with Assistant.open() as assistant:
        for profile in assistant.profiles():
            print(profile.iccid, profile.title, profile.state)
    ```
    What card, server or disk object to is an `LpaError`: see `lpa.errors` for what each asks of the caller. A
    word that can name no profile, and a nickname that is too long, is a ValueError.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        state_dir: Path | None = None,
        directory: Directory | None = None,
        aids: Sequence[Aid] = ISDR_AIDS,
        block_size: int = LARGEST_BLOCK,
        locks: Locks | None = None,
        reader: str = "",
    ) -> None:
        """Open the eUICC behind `transport`, which is closed with this assistant.

        `state_dir`: where the receipts are kept; the user's state folder if None. `directory`: from a
        server's address to the server; over HTTPS with the system's trusted authorities if None.
        `locks`: what keeps programs from working on one card together; a lock in the state folder if None.
        `reader`: what a person calls the reader that holds the card.
        """
        self.reader = reader
        self._seen = ""  # what the card showed to the last plan, while nothing was changed since
        self._transport = transport
        self._locks = locks
        self._state_dir = state_dir
        self._directory = directory
        self._journal: Journal | None = None
        self.resumed: tuple[recovery.Resumption, ...] = ()
        """What was found unfinished on this card, and settled before the change that was asked for."""
        with ExitStack() as opened:
            opened.callback(transport.close)
            self.euicc = opened.enter_context(Euicc(transport, aids=aids, block_size=block_size))
            self._opened = opened.pop_all()

    @classmethod
    def open(
        cls,
        reader: str | None = None,
        *,
        state_dir: Path | None = None,
        directory: Directory | None = None,
        aids: Sequence[Aid] = ISDR_AIDS,
        block_size: int = LARGEST_BLOCK,
        locks: Locks | None = None,
    ) -> Self:
        """Open the eUICC in a PC/SC reader: the one called `reader`, or the only one that holds one.

        If another lpa, of any user of this computer, has the card, `CardBusy` says which; or `locks` waits.
        """
        from lpa.card.pcsc import PcscTransport
        from lpa.card.probing import choose

        locks = locks or Locks.of_host()
        name = choose(reader, aids, block_size, locks).name
        return cls(
            PcscTransport.open(name, locks),
            state_dir=state_dir,
            directory=directory,
            aids=aids,
            block_size=block_size,
            locks=locks,
            reader=name,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ending: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the channel and the card, and hang up on the servers."""
        self._opened.close()

    @property
    def eid(self) -> Eid:
        """The card's number."""
        return self.euicc.eid

    @property
    def receipts(self) -> Receipts:
        """The proofs that are kept on this computer."""
        return Receipts((self._state_dir or default_state_dir()) / "receipts")

    def profiles(self) -> Listing[Profile]:
        """The profiles on the card, without icons and other details."""
        return self.euicc.profiles()

    def profile(self, name: str | Iccid) -> Profile:
        """One profile with everything that the card tells about it. `name`: see `selection.read`."""
        _, chosen = selection.read(self.euicc, name)
        return selection.find(self.euicc.profiles(DETAIL_TAGS, only=chosen.iccid), chosen.iccid)

    def subscriber(self, profile: Profile, *, pin: str | None = None) -> Subscriber:
        """Who the network knows `profile` as, if it is in use: see `subscriber.read`. `pin`: its PIN."""
        from lpa.profiles import subscriber

        if not profile.enabled:
            return subscriber.Subscriber(problem="notEnabled")
        with self._files() as files:
            return subscriber.read(files, profile.iccid, pin=pin)

    def enable(self, name: str | Iccid) -> switching.Outcome:
        """Put a profile to use, in place of the one in use, and tell the servers."""
        return switching.enable(self._settled_outbox(), name)

    def disable(self, name: str | Iccid) -> switching.Outcome:
        """Take a profile out of use, and tell the servers."""
        return switching.disable(self._settled_outbox(), name)

    def plan_deletion(self, name: str | Iccid, *, disable_first: bool = False) -> procedure.Plan:
        """Look at what speaks against deleting a profile. Changes nothing."""
        plan = procedure.plan(self.euicc, name, disable_first=disable_first)
        self._seen = plan.look
        return replace(plan, reader=self.reader)

    def plan_again(self, saved: procedure.Plan) -> procedure.Plan:
        """A plan from before, made anew. Raises `Refused` if the card is another one, or has changed."""
        procedure.refuse_if_changed(self.euicc, saved)
        return self.plan_deletion(saved.profile.iccid, disable_first=saved.disable_first)

    def review_deletion(self, plan: procedure.Plan) -> procedure.Plan:
        """Look closer: what waits for servers, whether they can be reached, what no card can check."""
        return procedure.review(self._outbox(), plan)

    def review_backup(self, plan: procedure.Plan, folder: Path | None = None) -> procedure.Plan:
        """Look closer at whether what the profile holds can be saved first: see `saving.review`."""
        from lpa.deletion import backup_check

        with self._files() as files:
            return backup_check.review(files, plan, folder)

    def delete(self, plan: procedure.Plan, reason: str = "") -> switching.Outcome:
        """Delete a profile, for ever, as planned, and tell the servers. `reason` stays on this computer.

        Raises `Refused` with "cardChanged" if the card is not as it was when the plan was made.
        """
        return procedure.delete(self._planned_outbox(plan), plan, reason)

    def back_up(self, folder: Path, name: str | Iccid | None = None, *, pin: str | None = None) -> Backup:
        """Save the contacts, messages and numbers of the profile in use into a new folder.

        `name`: which profile that should be; any if None. `pin`: its PIN, if it is locked with one.
        Raises `Refused` if it is not in use or locked, and `StorageFailed` if the folder cannot be made.
        """
        from lpa.profiles.backup import back_up

        chosen = selection.in_use(self.euicc) if name is None else selection.read(self.euicc, name)[1]
        with self._files() as files:
            return back_up(files, chosen.iccid, folder, pin=pin)

    def rescue(self, plan: procedure.Plan, folder: Path, *, pin: str | None = None) -> Rescue:
        """As `back_up`, before a deletion; a profile that is not in use is put to use for that moment.

        What was in use before is in use again then, and servers are told of each switch. A backup that fails
        is told, not raised. Raises as `using` does, and as `delete` if the card has changed.
        """
        from lpa.deletion import backup_first
        from lpa.profiles import backup

        def save(place: Place) -> Backup:
            with self._files() as files:
                return backup.save(files, plan.profile.iccid, place, pin=pin)

        return backup_first.rescue(self._planned_outbox(plan), plan.profile.iccid, folder, save)

    def using(self, name: str | Iccid) -> AbstractContextManager[list[switching.Outcome]]:
        """Put a profile to use while a `with` block runs, and tell the servers: see `interlude.using`."""
        return temporary_enable.using(self._settled_outbox(), name)

    def protect(self, name: str | Iccid) -> Profile:
        """Have this computer refuse to delete a profile, until `unprotect`. Returns the profile."""
        _, chosen = selection.read(self.euicc, name)
        self.journal.protect(chosen.iccid)
        return chosen

    def unprotect(self, name: str | Iccid) -> Profile:
        """Lift the protection of a profile. Returns the profile."""
        _, chosen = selection.read(self.euicc, name)
        self.journal.unprotect(chosen.iccid)
        return chosen

    def rename(self, name: str | Iccid, nickname: str) -> Profile:
        """Name a profile, in at most 64 bytes of UTF-8; empty to take the name away. Returns it as it was."""
        _, chosen = selection.read(self.euicc, name)
        self._seen = ""
        self.euicc.set_nickname(chosen.iccid, nickname)
        return chosen

    def reset(self, options: Collection[str]) -> switching.Outcome:
        """Delete many profiles at once (`Euicc.memory_reset` has the options): see `switching.reset`."""
        return switching.reset(self._settled_outbox(), options)

    def download(
        self, order: ActivationCode | Event | None = None, *, device: Device | None = None
    ) -> AbstractContextManager[Offer]:
        """What is offered to this card, in a `with` block that ends the session: see `lpa.download.offer`.

        `order`: None for what waits at the card's default server. `device`: that the card is for.
        """
        from lpa.download.discovery import code_for
        from lpa.download.offer import offered

        return offered(self._settled_outbox(), self._servers(), code_for(self.euicc, order), device)

    def discover(self, at: ServerAddress | None = None, *, device: Device | None = None) -> tuple[Event, ...]:
        """What waits for this card, by the discovery server `at`; by the one that the card names if None."""
        from lpa.download.discovery import events

        return events(self.euicc, self._servers(), device, at)

    def notifications(self) -> Listing[NotificationMetadata]:
        """What waits on the card for its servers."""
        return self.euicc.list_notifications()

    def send_notifications(self) -> tuple[Delivery, ...]:
        """Deliver everything that waits on the card or was kept of it, whenever its next try is due."""
        return self._outbox().send_pending()

    def send_due(self) -> tuple[Delivery, ...]:
        """Deliver what was kept here of any card, and whose next try is due: see `waiting` for the rest."""
        return self._outbox().send_due()

    def waiting(self) -> tuple[Waiting, ...]:
        """What was kept here of any card and no server acknowledged, and when it is tried next."""
        return waiting(self.journal)

    def remove_notification(self, sequence_number: int) -> NotificationMetadata:
        """Have the card forget a notification that no server acknowledged: see `removal.remove`.

        Its server will not hear of what happened, unless the person tells the operator.
        """
        from lpa.notifications import removal

        return removal.remove(self._outbox(), sequence_number)

    def settle(self) -> tuple[recovery.Resumption, ...]:
        """Find out what became of everything that was begun on this card and not finished.

        Its servers are told, and an interlude is ended. Every change does this first: see `resumed`.
        """
        before = self.resumed
        for one in recovery.resume(self._outbox()):
            self.resumed += (one,)
            self._seen = ""  # The card was reset, or changed.
        return self.resumed[len(before) :]

    def resume(self) -> tuple[Delivery, ...]:
        """Settle what was not finished (see `resumed`), and deliver what waits for a server and is due."""
        self.settle()
        return self._outbox().send_pending_if_due()

    @property
    def journal(self) -> Journal:
        """What was begun, and what waits for a server, on this computer."""
        if self._journal is None:
            self._journal = Journal(self._state_dir or default_state_dir(), locks=self._locks)
            self._opened.callback(self._journal.close)
        return self._journal

    def _settled_outbox(self) -> Outbox:
        """For a change of the card, after which a plan that was made before is old."""
        self._seen = ""
        self.settle()
        return self._outbox()

    def _planned_outbox(self, plan: procedure.Plan) -> Outbox:
        """For what was agreed to by a plan, once it is known that the card is still as it was then."""
        self.settle()
        seen, self._seen = self._seen, ""
        if plan.look != seen:
            procedure.refuse_if_changed(self.euicc, plan)
        return self._outbox()

    @contextmanager
    def _files(self) -> Iterator[UiccFiles]:
        """The files of the profile in use. Afterwards the ISD-R is there again."""
        from lpa.card.files.filesystem import UiccFiles

        try:
            yield UiccFiles(self._transport)
        finally:
            self.euicc.reopen()

    def _outbox(self) -> Outbox:
        return Outbox(self.euicc, self.receipts, self.journal, self._servers())

    def _servers(self) -> Directory:
        if self._directory is None:
            # Listing profiles should not cost the time and memory of an HTTP library.
            from lpa.server.es9 import Server
            from lpa.server.https import Https
            from lpa.server.trust import Trust

            https = self._opened.enter_context(Https(Trust.system()))
            self._directory = partial(Server, https=https)
        return self._directory


def default_state_dir() -> Path:
    """Where receipts are kept if nobody says otherwise: the user's state folder, by the system's custom."""
    from platformdirs import user_state_path

    return user_state_path("lpa", appauthor=False)
