"""Download orders of a simulated SM-DP+: what is waiting for whom, and what became of it (SGP.22 §3.1).

They are in an SQLite database, in memory or in a file. Several programs may use the file at once: each reads
what it needs when it needs it, so an order that is added while a server runs is there at once.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from lpa.errors import StorageFailed
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Eid
from lpa.sim import plain_json
from lpa.sim.servers.packages import ProfilePackage

# An order waits to be released, can be downloaded, has been downloaded at least once, and has ended.
STATES = ("confirmed", "released", "downloaded", "installed", "error")
ENDED = ("installed", "error")
DEFAULT_CODE_TRIES, DEFAULT_DOWNLOADS = 3, 10

_BUSY = 10.0  # seconds to wait for another program
_TABLES = """
    CREATE TABLE IF NOT EXISTS orders (
        number INTEGER PRIMARY KEY, facts TEXT NOT NULL, metadata BLOB NOT NULL, elements BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS downloads (
        transaction_id BLOB PRIMARY KEY, number INTEGER NOT NULL, certificate BLOB NOT NULL
    );
"""


@dataclass(frozen=True)
class Facts:
    """Where an order stands. Without an `eid` it is for any card, until one has downloaded it.

    `code_hash`: SHA-256 of the confirmation code, in hex. `expires`: a time as ISO 8601 has it. `result`: why
    it ended in an error. `announced`: an SM-DS tells the card of it. `binds_once`: once made for a card's
    one-time key, the package is made for no other. The rest is the binding: the card's public one-time key,
    the server's private one and the package's keys, in hex.
    """

    address: str = ""
    iccid: str = ""
    name: str = ""
    matching_id: str = ""
    state: str = "released"
    eid: str = ""
    code_hash: str = ""
    code_tries: int = DEFAULT_CODE_TRIES
    downloads: int = DEFAULT_DOWNLOADS
    expires: str = ""
    result: str = ""
    announced: bool = False
    binds_once: bool = False
    euicc_key: str = ""
    server_key: str = ""
    package_keys: str = ""

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return bool(self.expires) and now >= datetime.fromisoformat(self.expires)

    def discoverable(self, now: datetime) -> bool:
        """Whether an SM-DS has to tell of it."""
        return self.announced and self.state in ("released", "downloaded") and not self.expired(now)

    @property
    def activation_code(self) -> str:
        """What a person types or scans to get it (SGP.22 §4.1)."""
        return f"LPA:1${self.address}${self.matching_id}{'$$1' if self.code_hash else ''}"


class Order:
    """An order in the book, as it stands at the moment at which it is asked."""

    def __init__(self, book: OrderBook, number: int) -> None:
        self._book = book
        self.number = number

    @property
    def facts(self) -> Facts:
        """All that is known of it."""
        return self._book.facts(self.number)

    @property
    def state(self) -> str:
        """One of `STATES`."""
        return self.facts.state

    @property
    def iccid(self) -> str:
        """The number of its profile."""
        return self.facts.iccid

    @property
    def activation_code(self) -> str:
        """What a person types or scans to get it."""
        return self.facts.activation_code

    @property
    def package(self) -> ProfilePackage:
        """What it delivers."""
        return self._book.package(self.number)

    def release(self) -> None:
        """Let it be downloaded. If something became of it, it is as new: for the card that it was made for,
        with the usual tries and downloads.
        """
        self.change(_released)

    def change(self, how: Callable[[Facts], Facts]) -> Facts:
        """Put what `how` makes of the facts in their place, and return it."""
        return self._book.change(self.number, how)

    def __repr__(self) -> str:
        return f"Order({self.facts})"


def _released(facts: Facts) -> Facts:
    if facts.state == "confirmed":
        return replace(facts, state="released")
    return replace(
        facts,
        state="released",
        code_tries=DEFAULT_CODE_TRIES,
        downloads=DEFAULT_DOWNLOADS,
        result="",
        euicc_key="",
    )


class OrderBook:
    """The orders in the file `path`, or in memory. Raises `StorageFailed` if they cannot be read or kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._path = path
        with self._storing():
            self._database = sqlite3.connect(
                path or ":memory:", timeout=_BUSY, isolation_level=None, check_same_thread=False
            )
            # An order may be asked how it stands after its server was closed, so nobody need close the book.
            weakref.finalize(self, self._database.close)
            if path:
                path.chmod(0o600)  # it holds keys
            self._database.executescript(_TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @property
    def orders(self) -> tuple[Order, ...]:
        """All of them, in the order in which they were added."""
        with self._storing():
            rows = self._database.execute("SELECT number FROM orders ORDER BY number").fetchall()
        return tuple(Order(self, number) for (number,) in rows)

    def add(self, package: ProfilePackage, facts: Facts) -> Order:
        """A new order for `package`. Raises ValueError if an open one has the same matching identifier."""
        facts = replace(facts, iccid=str(package.iccid), name=package.name)
        with self._exclusively():
            if facts.matching_id and facts.matching_id in (order.facts.matching_id for order in self.orders):
                raise ValueError(
                    f"there is an order with the matching identifier {facts.matching_id} already"
                )
            added = self._database.execute(
                "INSERT INTO orders (facts, metadata, elements) VALUES (?, ?, ?)",
                (json.dumps(asdict(facts)), bytes(package.metadata), package.elements),
            )
        number = added.lastrowid
        assert number is not None  # noqa: S101 - an INSERT always has one
        return Order(self, number)

    def facts(self, number: int) -> Facts:
        """How the order stands."""
        with self._storing():
            row = self._database.execute("SELECT facts FROM orders WHERE number = ?", (number,)).fetchone()
            return plain_json.restored(Facts, json.loads(row[0]))

    def package(self, number: int) -> ProfilePackage:
        """What the order delivers."""
        with self._storing():
            row = self._database.execute(
                "SELECT metadata, elements FROM orders WHERE number = ?", (number,)
            ).fetchone()
        return ProfilePackage(Tlv(row[0]), row[1])

    def change(self, number: int, how: Callable[[Facts], Facts]) -> Facts:
        """Put what `how` makes of an order's facts in their place, and return it."""
        with self._exclusively():
            changed = how(self.facts(number))
            self._database.execute(
                "UPDATE orders SET facts = ? WHERE number = ?", (json.dumps(asdict(changed)), number)
            )
        return changed

    def remember(self, transaction_id: bytes, order: Order, certificate: bytes) -> None:
        """Keep which card (its certificate in DER) downloads the order in a transaction."""
        with self._storing():
            self._database.execute(
                "INSERT OR REPLACE INTO downloads VALUES (?, ?, ?)",
                (transaction_id, order.number, certificate),
            )

    def recall(self, transaction_id: bytes) -> tuple[Order, bytes] | None:
        """The order and the card's certificate of a transaction, if it is known."""
        with self._storing():
            row = self._database.execute(
                "SELECT number, certificate FROM downloads WHERE transaction_id = ?", (transaction_id,)
            ).fetchone()
        return (Order(self, row[0]), row[1]) if row else None

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Let nobody change anything in between; what is done within is done wholly or not at all."""
        with self._storing():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    @contextmanager
    def _storing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except (OSError, sqlite3.Error, KeyError, TypeError) as error:
                raise StorageFailed(f"The orders in {self._path} cannot be read or kept: {error}.") from error


def new_facts(
    address: str,
    matching_id: str = "",
    *,
    eid: str = "",
    confirmation_code: str | None = None,
    code_tries: int = DEFAULT_CODE_TRIES,
    downloads: int = DEFAULT_DOWNLOADS,
    expires: datetime | None = None,
    released: bool = True,
    announced: bool = False,
    binds_once: bool = False,
) -> Facts:
    """The facts of an order that is to be added. Raises ValueError for what cannot be."""
    if announced and not (eid and matching_id):
        raise ValueError("to be announced, an order needs an EID and a matching identifier")
    return Facts(
        address=address,
        matching_id=matching_id,
        state="released" if released else "confirmed",
        eid=str(Eid.parse(eid)) if eid else "",
        code_hash="" if confirmation_code is None else hashlib.sha256(confirmation_code.encode()).hexdigest(),
        code_tries=code_tries,
        downloads=downloads,
        expires=expires.isoformat() if expires else "",
        announced=announced,
        binds_once=binds_once,
    )
