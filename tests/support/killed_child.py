"""A session with a card and its servers, every step of which is a point where a disaster can strike.

What happens is noted in a file as it happens, so that the note outlives the session.
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

Disaster = Callable[[str, str], None]  # what happens at a step, before or after it


def kill(step: str, moment: str) -> None:
    """End the process, so that it can do nothing more."""
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt(step: str, moment: str) -> None:
    """Have somebody press Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


def pull(step: str, moment: str) -> None:
    """Have the card gone: before it got the command, or before its answer came."""
    if step == CARD:
        raise CardRemoved("the card was pulled")


def hang_up(step: str, moment: str) -> None:
    """Have the network gone: before the server was reached, or before its acknowledgement came."""
    if step == SERVER:
        raise ConnectFailed("no network") if moment == BEFORE else OutcomeUnknown("the answer was lost")


class Instead(Exception):
    """A server answers this, instead of what it should."""

    def __init__(self, answer: HttpAnswer) -> None:
        self.answer = answer


def answering(status: int, body: bytes) -> Disaster:
    """Have the server answer so: before it did what it was asked for, or when it has."""

    def answer(step: str, moment: str) -> None:
        if step == SERVER:
            raise Instead(HttpAnswer(status, body))

    return answer


def fill(step: str, moment: str) -> None:
    """Have the disk full: nothing was written, or it is not known to be."""
    if step in (JOURNAL, RECEIPT):
        raise StorageFailed("the disk is full")
    if step == DISK:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Fate:
    """Counts the points that a session passes, and lets `disaster` strike from the `first` to the `last`."""

    def __init__(self, disaster: Disaster = kill, first: int = sys.maxsize, last: int = sys.maxsize) -> None:
        self.points: list[tuple[str, str]] = []
        self._disaster, self._first, self._last = disaster, first, last

    def meet(self, step: str, moment: str) -> None:
        """Pass a point, or not."""
        self.points.append((step, moment))
        if self._first <= len(self.points) - 1 <= self._last:
            self._disaster(step, moment)

    @contextlib.contextmanager
    def around(self, step: str) -> Iterator[None]:
        """Pass the two points of a step."""
        self.meet(step, BEFORE)
        yield
        self.meet(step, AFTER)


class Place:
    """A folder with all that outlives a session: the card, the state folder, the server's list, the notes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card, self.state = folder / "card", folder / "state"
        self.server, self._notes = folder / "server.jsonl", folder / "notes"
        self.orders = folder / "orders.db"

    def note(self, *words: object) -> None:
        """Write down what happens now."""
        with self._notes.open("a") as file:
            file.write(" ".join(map(str, words)) + "\n")

    @property
    def notes(self) -> list[list[str]]:
        """All that was noted, in words."""
        return [line.split() for line in self._notes.read_text().splitlines()]


@contextlib.contextmanager
def session(place: Place, fate: Fate) -> Iterator[WatchedAssistant]:
    """An assistant with the card of this place, whose steps all meet `fate`."""
    card = SimulatedEuicc.load(place.card)
    with (
        contextlib.closing(WatchedServer(card, place, fate)) as server,
        WatchedAssistant(WatchedCard(card, place, fate), server) as assistant,
    ):
        yield assistant


class WatchedCard:
    """A card. It notes each ES10 request by its tag, and that it was answered."""

    def __init__(self, card: SimulatedEuicc, place: Place, fate: Fate) -> None:
        self._card, self._place, self._fate = card, place, fate

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        # Of a request that takes several blocks, the first says which it is.
        block = apdu[5 : 5 + apdu[4]] if apdu[1] == _STORE_DATA and apdu[3] == 0 else b""
        with self._fate.around(CARD):
            if block:
                self._note(block)
            answer = self._card.transmit(apdu)
        if block:
            self._place.note("answered", f"{header(block)[0]:04X}")
        return answer

    def reset(self) -> None:
        with self._fate.around(CARD):
            self._card.reset()

    def close(self) -> None:
        self._card.close()

    def _note(self, block: bytes) -> None:
        tag = header(block)[0]
        self._place.note("asked", f"{tag:04X}")
        number = Tlv.whole(block).child(0x80) if tag == _NOTIFICATION_SENT else None
        if number:
            self._place.note("removed", int.from_bytes(number.value, "big"))


class WatchedServer:
    """All servers in one: an SM-DP+ without the network before it. Its sessions end with ours."""

    def __init__(self, card: SimulatedEuicc, place: Place, fate: Fate) -> None:
        self.place, self.fate = place, fate
        self._smdp = SimulatedSmdp(
            card.authority,
            host=SMDP,
            any_address=True,
            store=place.server,
            orders=place.orders if place.orders.exists() else None,
        )
        self.address = ServerAddress(SMDP)
        self._functions = Server(self.address, cast("Https", self))

    def __call__(self, address: ServerAddress, /, *, ci_pkids: object = ()) -> WatchedServer:
        return self

    def close(self) -> None:
        self._smdp.close()

    def handshake(self) -> None:
        """Be there. Nothing is answered, so nothing wrong can be."""
        with contextlib.suppress(Instead), self.fate.around(SERVER):
            self.place.note("handshake")

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        number = Notification.from_tlv(pending).metadata.sequence_number
        kept = pending in [path.read_bytes() for path in self.place.state.rglob("*.der")]
        self.place.note("sent", number, "kept" if kept else "UNKEPT")
        evidence = self._functions.handle_notification(pending)
        self.place.note("acknowledged", number)
        return evidence

    def initiate_authentication(self, challenge: bytes, info1: bytes) -> ServerProof:
        return self._functions.initiate_authentication(challenge, info1)

    def authenticate_client(self, transaction_id: bytes, proof: bytes) -> Terms | tuple[Event, ...]:
        return self._functions.authenticate_client(transaction_id, proof)

    def get_bound_profile_package(self, transaction_id: bytes, prepared: bytes) -> bytes:
        return self._functions.get_bound_profile_package(transaction_id, prepared)

    def cancel_session(self, transaction_id: bytes, cancelled: bytes) -> None:
        self._functions.cancel_session(transaction_id, cancelled)

    def post(
        self,
        address: ServerAddress,
        path: str,
        body: bytes,
        headers: dict[str, str],
        most: int | None = None,
        *,
        ci_pkids: object = (),
    ) -> HttpAnswer:
        """What `Https.post` is, without the network."""
        told = Message()
        for name, value in headers.items():
            told[name] = value
        try:
            with self.fate.around(SERVER):
                status, _, answer = self._smdp.answer(path, told, body)
        except Instead as instead:
            return instead.answer
        return HttpAnswer(status, answer)


class WatchedJournal(Journal):
    """A journal whose writes meet their fate, also when it is made."""

    def __init__(self, folder: Path, fate: Fate) -> None:
        self._fate = fate
        super().__init__(folder)

    def _open(self) -> Database:
        return WatchedDatabase(self._folder, self._fate)


class WatchedDatabase(Database):
    """A journal's file that meets its fate when it is opened, checked and written."""

    def __init__(self, folder: Path, fate: Fate) -> None:
        self._fate = fate
        super().__init__(folder)

    def write(self, *statements: Statement) -> int:
        with self._fate.around(JOURNAL):
            return super().write(*statements)

    def prepare(self) -> None:
        with self._fate.around(JOURNAL):
            super().prepare()

    def make_tables(self) -> None:
        with self._fate.around(JOURNAL):
            super().make_tables()


class WatchedReceipts(Receipts):
    """Receipts that meet their fate when one is kept, and at each sync within."""

    def __init__(self, folder: Path, fate: Fate) -> None:
        self._fate = fate
        super().__init__(folder)

    def prepare(self, eid: Eid) -> None:
        with self._fate.around(RECEIPT), _each_sync(self._fate):
            super().prepare(eid)

    def keep(self, eid: Eid, notification: Notification) -> Receipt:
        with self._fate.around(RECEIPT), _each_sync(self._fate):
            return super().keep(eid, notification)


class WatchedAssistant(Assistant):
    """An assistant that writes under the eyes of fate."""

    def __init__(self, card: WatchedCard, server: WatchedServer) -> None:
        self._fate = server.fate
        super().__init__(card, state_dir=server.place.state, servers=server)
        self.place = server.place

    @property
    def receipts(self) -> Receipts:
        return WatchedReceipts(self.place.state / "receipts", self._fate)

    @property
    def journal(self) -> Journal:
        if self._journal is None:
            self._journal = WatchedJournal(self.place.state, self._fate)
            self._opened.callback(self._journal.close)
        return self._journal


@contextlib.contextmanager
def _each_sync(fate: Fate) -> Iterator[None]:
    real = os.fsync

    def watched(fd: FileDescriptorLike) -> None:
        with fate.around(DISK):
            real(fd)

    os.fsync = watched
    try:
        yield
    finally:
        os.fsync = real
