"""A session with a card and its servers in which a fault can be injected before and after every step.

Each event is written to a file as it happens, so that it is known after the process was killed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lpa import Assistant
from lpa.errors import CardRemoved, ConnectFailed, OutcomeUnknown, StorageFailed
from lpa.journal import Journal
from lpa.journal.database import Database, Statement
from lpa.notifications.receipts import Receipt, Receipts
from lpa.rsp.codec.ber import Tlv, header
from lpa.rsp.names import Eid, ServerAddress
from lpa.rsp.records import Notification
from lpa.rsp.session import Event, ServerProof, Terms
from lpa.server.es9 import Server
from lpa.server.https import HttpAnswer, Https
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

CARD, SERVER, JOURNAL, RECEIPT, DISK = "card", "server", "journal", "receipt", "disk"
BEFORE, AFTER = "before", "after"
SMDP = "smdp.example"
_STORE_DATA, _NOTIFICATION_SENT = 0xE2, 0xBF30

Fault = Callable[[str, str], None]  # called at a step, before or after it


def kill(step: str, when: str) -> None:
    """Kill the process."""
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt(step: str, when: str) -> None:
    """Press Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


def pull(step: str, when: str) -> None:
    """Remove the card: before it received the command, or before its answer arrived."""
    if step == CARD:
        raise CardRemoved("the card was pulled")


def hang_up(step: str, when: str) -> None:
    """Cut the network: before the server was reached, or before its acknowledgement arrived."""
    if step == SERVER:
        raise ConnectFailed("no network") if when == BEFORE else OutcomeUnknown("the answer was lost")


class AnswerInstead(Exception):
    """The server gives this answer instead of its own."""

    def __init__(self, answer: HttpAnswer) -> None:
        self.answer = answer


def answering(status: int, body: bytes) -> Fault:
    """The server answers this: before it did what it was asked for, or after."""

    def answer(step: str, when: str) -> None:
        if step == SERVER:
            raise AnswerInstead(HttpAnswer(status, body))

    return answer


def fill(step: str, when: str) -> None:
    """The disk is full: nothing was written, or it is unknown whether it was."""
    if step in (JOURNAL, RECEIPT):
        raise StorageFailed("the disk is full")
    if step == DISK:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FaultInjector:
    """Records the points that a session passes, and calls `fault` at those from `first` to `last`."""

    def __init__(self, fault: Fault = kill, first: int = sys.maxsize, last: int = sys.maxsize) -> None:
        self.points: list[tuple[str, str]] = []
        self._fault, self._first, self._last = fault, first, last

    def reach(self, step: str, when: str) -> None:
        """Record a point, and call the fault if it is due."""
        self.points.append((step, when))
        if self._first <= len(self.points) - 1 <= self._last:
            self._fault(step, when)

    @contextlib.contextmanager
    def around(self, step: str) -> Iterator[None]:
        """Reach the point before a step, and the one after it."""
        self.reach(step, BEFORE)
        yield
        self.reach(step, AFTER)


class Workspace:
    """A folder with all that outlives a session: card, state folder, the server's list, the notes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card, self.state = folder / "card", folder / "state"
        self.server, self._notes = folder / "server.jsonl", folder / "notes"
        self.orders = folder / "orders.db"

    def note(self, *words: object) -> None:
        """Write down an event."""
        with self._notes.open("a") as file:
            file.write(" ".join(map(str, words)) + "\n")

    @contextlib.contextmanager
    def noting_delivery(self, pending: bytes) -> Iterator[None]:
        """Note that a notification is sent, and whether it was kept before; then its acknowledgement."""
        number = Notification.from_tlv(pending).metadata.sequence_number
        kept = pending in [path.read_bytes() for path in self.state.rglob("*.der")]
        self.note("sent", number, "kept" if kept else "UNKEPT")
        yield
        self.note("acknowledged", number)

    @property
    def notes(self) -> list[list[str]]:
        """The events, each as a list of words."""
        return [line.split() for line in self._notes.read_text().splitlines()] if self._notes.exists() else []


@contextlib.contextmanager
def session(workspace: Workspace, faults: FaultInjector) -> Iterator[WatchedAssistant]:
    """An assistant with the card of this workspace. Each of its steps passes the `faults`."""
    card = SimulatedEuicc.load(workspace.card)
    with (
        contextlib.closing(WatchedServer(card, workspace, faults)) as server,
        WatchedAssistant(WatchedCard(card, workspace, faults), server) as assistant,
    ):
        yield assistant


class WatchedCard:
    """A card that notes the tag of each ES10 request, and of each answer."""

    def __init__(self, card: SimulatedEuicc, workspace: Workspace, faults: FaultInjector) -> None:
        self._card, self._workspace, self._faults = card, workspace, faults

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        # Only the first block of a request has the tag.
        block = apdu[5 : 5 + apdu[4]] if apdu[1] == _STORE_DATA and apdu[3] == 0 else b""
        with self._faults.around(CARD):
            if block:
                self._note(block)
            answer = self._card.transmit(apdu)
        if block:
            self._workspace.note("answered", f"{header(block)[0]:04X}")
        return answer

    def reset(self) -> None:
        with self._faults.around(CARD):
            self._card.reset()

    def close(self) -> None:
        self._card.close()

    def _note(self, block: bytes) -> None:
        tag = header(block)[0]
        self._workspace.note("asked", f"{tag:04X}")
        number = Tlv.whole(block).child(0x80) if tag == _NOTIFICATION_SENT else None
        if number:
            self._workspace.note("removed", int.from_bytes(number.value, "big"))


class WatchedServer:
    """One SM-DP+ for all addresses, called directly instead of over the network."""

    def __init__(self, card: SimulatedEuicc, workspace: Workspace, faults: FaultInjector) -> None:
        self.workspace, self.faults = workspace, faults
        self._smdp = SimulatedSmdp(
            card.authority,
            host=SMDP,
            any_address=True,
            store=workspace.server,
            orders=workspace.orders if workspace.orders.exists() else None,
        )
        self.address = ServerAddress(SMDP)
        self._functions = Server(self.address, cast("Https", self))

    def __call__(self, address: ServerAddress, /, *, ci_pkids: object = ()) -> WatchedServer:
        return self

    def close(self) -> None:
        self._smdp.close()

    def handshake(self) -> None:
        """Succeed, unless a fault raises. A wrong answer has no effect, as a handshake has none."""
        with contextlib.suppress(AnswerInstead), self.faults.around(SERVER):
            self.workspace.note("handshake")

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        with self.workspace.noting_delivery(pending):
            return self._functions.handle_notification(pending)

    def initiate_authentication(self, challenge: bytes, info1: bytes) -> ServerProof:
        return self._functions.initiate_authentication(challenge, info1)

    def authenticate_client(self, transaction_id: bytes, proof: bytes) -> Terms | tuple[Event, ...]:
        return self._functions.authenticate_client(transaction_id, proof)

    def get_bound_profile_package(
        self, transaction_id: bytes, prepared: bytes, store: Callable[[bytes], object]
    ) -> None:
        self._functions.get_bound_profile_package(transaction_id, prepared, store)

    def cancel_session(self, transaction_id: bytes, cancelled: bytes) -> None:
        self._functions.cancel_session(transaction_id, cancelled)

    def post(
        self,
        address: ServerAddress,
        path: str,
        body: bytes,
        headers: dict[str, str],
        receiver: object = None,
        *,
        ci_pkids: object = (),
    ) -> HttpAnswer:
        """As `Https.post`, without the network."""
        message = Message()
        for name, value in headers.items():
            message[name] = value
        try:
            with self.faults.around(SERVER):
                status, _, answer = self._smdp.answer(path, message, body)
        except AnswerInstead as instead:
            return instead.answer
        return HttpAnswer(status, answer)


class WatchedJournal(Journal):
    """A journal in which faults strike, also when it is made."""

    def __init__(self, folder: Path, faults: FaultInjector) -> None:
        self._faults = faults
        super().__init__(folder)

    def _open(self) -> Database:
        return WatchedDatabase(self._folder, self._faults)


class WatchedDatabase(Database):
    """A journal's file in which faults strike when it is opened, checked and written."""

    def __init__(self, folder: Path, faults: FaultInjector) -> None:
        self._faults = faults
        super().__init__(folder)

    def write(self, *statements: Statement) -> int:
        with self._faults.around(JOURNAL):
            return super().write(*statements)

    def write_soft(self, *statements: Statement) -> int:
        with self._faults.around(JOURNAL):
            return super().write_soft(*statements)

    def prepare(self) -> None:
        with self._faults.around(JOURNAL):
            super().prepare()

    def make_tables(self) -> None:
        with self._faults.around(JOURNAL):
            super().make_tables()


class WatchedReceipts(Receipts):
    """Receipts in which faults strike when one is kept, and at each sync within."""

    def __init__(self, folder: Path, faults: FaultInjector) -> None:
        self._faults = faults
        super().__init__(folder)

    def prepare(self, eid: Eid) -> None:
        with self._faults.around(RECEIPT), _each_sync(self._faults):
            super().prepare(eid)

    def keep(self, eid: Eid, notification: Notification) -> Receipt:
        with self._faults.around(RECEIPT), _each_sync(self._faults):
            return super().keep(eid, notification)


class WatchedAssistant(Assistant):
    """An assistant with a watched card, server, journal and receipts."""

    def __init__(self, card: WatchedCard, server: WatchedServer) -> None:
        self._faults = server.faults
        super().__init__(card, state_dir=server.workspace.state, servers=server)
        self.workspace = server.workspace

    @property
    def receipts(self) -> Receipts:
        return WatchedReceipts(self.workspace.state / "receipts", self._faults)

    @property
    def journal(self) -> Journal:
        if self._journal is None:
            self._journal = WatchedJournal(self.workspace.state, self._faults)
            self._opened.callback(self._journal.close)
        return self._journal


@contextlib.contextmanager
def _each_sync(faults: FaultInjector) -> Iterator[None]:
    real = os.fsync

    def watched(fd: FileDescriptorLike) -> None:
        with faults.around(DISK):
            real(fd)

    os.fsync = watched
    try:
        yield
    finally:
        os.fsync = real
