"""The download orders of a simulated SM-DP+ and their states (SGP.22 §3.1).

They are in an SQLite database, in memory or in a file. Several programs may use the file at once. Nothing is
cached, so a running server sees a new order immediately.
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

from lpa.advice.simulator import WRITABLE_OR_PKI
from lpa.errors import StorageFailed, system_reason
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Eid
from lpa.sim import plain_json
from lpa.sim.servers.packages import ProfilePackage

# Not released yet, ready for download, downloaded at least once, ended with success, ended with an error.
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
    """The data of an order. `eid`: empty until a card downloads it, unless it is for a certain card.

    `code_hash`: SHA-256 of the confirmation code, in hexadecimal. `expires`: a time in ISO 8601. `result`:
    why it ended in an error. `announced`: an SM-DS lists it for the card. `binds_once`: do not bind the
    package to a second one-time key of the card. The last three fields are the binding, in hexadecimal: the
    card's public one-time key, the server's private one, and the package's keys.
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
        """Whether the order has expired."""
        return bool(self.expires) and now >= datetime.fromisoformat(self.expires)

    def discoverable(self, now: datetime) -> bool:
        """Whether an SM-DS lists it."""
        return self.announced and self.state in ("released", "downloaded") and not self.expired(now)

    @property
    def activation_code(self) -> str:
        """The activation code (SGP.22 §4.1)."""
        return f"LPA:1${self.address}${self.matching_id}{'$$1' if self.code_hash else ''}"


class Order:
    """An order in an order book. Each property reads its current value."""

    def __init__(self, book: OrderBook, number: int) -> None:
        self._book = book
        self.number = number

    @property
    def facts(self) -> Facts:
        """The order's data."""
        return self._book.facts(self.number)

    @property
    def state(self) -> str:
        """One of `STATES`."""
        return self.facts.state

    @property
    def iccid(self) -> str:
        """The ICCID of its profile."""
        return self.facts.iccid

    @property
    def activation_code(self) -> str:
        """The activation code."""
        return self.facts.activation_code

    @property
    def package(self) -> ProfilePackage:
        """The profile package that it delivers."""
        return self._book.package(self.number)

    def release(self) -> None:
        """Release it for download. An order that was downloaded or has ended is reset: it stays with its
        card, and gets the default numbers of tries and downloads.
        """
        self.change(_released)

    def change(self, update: Callable[[Facts], Facts]) -> Facts:
        """Replace the data by what `update` makes of them, in one transaction, and return the new data."""
        return self._book.change(self.number, update)

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
    """The orders in the file `path`, or in memory. Raises `StorageFailed` if the file cannot be used."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._path = path
        with self._storing():
            self._database = sqlite3.connect(
                path or ":memory:", timeout=_BUSY, isolation_level=None, check_same_thread=False
            )
            # An order can be read after its server is closed, so the database closes with the last reference.
            weakref.finalize(self, self._database.close)
            if path:
                path.chmod(0o600)  # It contains keys.
            self._database.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def orders(self) -> tuple[Order, ...]:
        """All of them, in the order in which they were added."""
        with self._storing():
            rows = self._database.execute("SELECT number FROM orders ORDER BY number").fetchall()
        return tuple(Order(self, number) for (number,) in rows)

    def add(self, package: ProfilePackage, facts: Facts) -> Order:
        """Add an order for `package`. Raises ValueError if an order has the same matching identifier."""
        facts = replace(facts, iccid=str(package.iccid), name=package.name)
        with self._exclusively():
            if facts.matching_id and facts.matching_id in (order.facts.matching_id for order in self.orders):
                raise ValueError(f"an order with the matching identifier {facts.matching_id} already exists")
            added = self._database.execute(
                "INSERT INTO orders (facts, metadata, elements) VALUES (?, ?, ?)",
                (json.dumps(asdict(facts)), bytes(package.metadata), package.elements),
            )
        number = added.lastrowid
        assert number is not None  # noqa: S101 - an INSERT always has a row number
        return Order(self, number)

    def facts(self, number: int) -> Facts:
        """The data of an order."""
        with self._storing():
            row = self._database.execute("SELECT facts FROM orders WHERE number = ?", (number,)).fetchone()
            return plain_json.restored(Facts, json.loads(row[0]))

    def package(self, number: int) -> ProfilePackage:
        """The profile package of an order."""
        with self._storing():
            row = self._database.execute(
                "SELECT metadata, elements FROM orders WHERE number = ?", (number,)
            ).fetchone()
        return ProfilePackage(Tlv(row[0]), row[1])

    def change(self, number: int, update: Callable[[Facts], Facts]) -> Facts:
        """Replace the data of an order by what `update` makes of them, and return the new data."""
        with self._exclusively():
            changed = update(self.facts(number))
            self._database.execute(
                "UPDATE orders SET facts = ? WHERE number = ?", (json.dumps(asdict(changed)), number)
            )
        return changed

    def add_download(self, transaction_id: bytes, order: Order, certificate: bytes) -> None:
        """Store the order and the card's certificate (DER) of a transaction."""
        with self._storing():
            self._database.execute(
                "INSERT OR REPLACE INTO downloads VALUES (?, ?, ?)",
                (transaction_id, order.number, certificate),
            )

    def download(self, transaction_id: bytes) -> tuple[Order, bytes] | None:
        """The order and the card's certificate (DER) of a transaction, if it is known."""
        with self._storing():
            row = self._database.execute(
                "SELECT number, certificate FROM downloads WHERE transaction_id = ?", (transaction_id,)
            ).fetchone()
        return (Order(self, row[0]), row[1]) if row else None

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Run the block in an exclusive transaction."""
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
                raise StorageFailed(
                    f"Cannot read or write the orders in {self._path}: {system_reason(error)}.",
                    advice=WRITABLE_OR_PKI,
                ) from error


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
    """The data of a new order. Raises ValueError for invalid values."""
    if announced and not (eid and matching_id):
        raise ValueError("an announced order needs an EID and a matching identifier")
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
