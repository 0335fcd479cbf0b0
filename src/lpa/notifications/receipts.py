"""Keep each signed notification as a receipt: a file of its own, written before the notification is sent.

A receipt is the notification exactly as the card gave it (DER), so anyone can check it without this
program. Nothing here deletes a receipt.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

from lpa import redaction
from lpa.advice.notifications import NOT_A_RECEIPT
from lpa.advice.storage import NAME_OTHER_FILE, OTHER_STATE_DIR
from lpa.errors import BadAnswer, NotVerified, StorageFailed, storage_failed, system_reason
from lpa.host import files, settings, system
from lpa.notifications.receipt_names import SUFFIX, ReceiptName, beginning
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.facts import Fact
from lpa.rsp.limits import RECEIPT_BYTES
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification, NotificationMetadata

_LOOKED_AT = 100  # receipts whose modes are looked at when the first one of a session is kept
_CHECKSUM = len("00000000.der")  # characters at the end of a name
_log = redaction.logger(__name__)


@dataclass(frozen=True)
class Receipt(Fact):
    """A signed notification that is on disk, and where."""

    path: Path
    notification: Notification

    def as_json(self) -> dict[str, Any]:
        """Only where it is: whoever has the file has the notification."""
        return {"path": str(self.path)}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """From `as_json`. The file is not read: `notification` has no bytes then, and no events."""
        if not isinstance(value, dict) or not isinstance(value.get("path"), str):
            raise ValueError("a receipt is an object with its 'path'")  # noqa: TRY004 (JSON)
        return cls(Path(value["path"]), Notification(Tlv(), NotificationMetadata(0, (), "", None)))


class Receipts:
    """The receipts of all cards, in a folder that only this user can read.

    The path of each is `<EID>/<sequence number>-<event>-<ICCID>-<CRC-32>.der`. There may be very many, so
    they are found by their names, and only those that are asked for are read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[Eid] = set()  # the cards whose folders are made, and private
        self._synced: set[Path] = set()  # the receipts that are known to survive a power cut

    @classmethod
    def open(cls, state_dir: Path | None = None) -> Self:
        """The receipts on this computer; no card is needed. `state_dir`: as for `Assistant`."""
        return cls(settings.state_dir(state_dir) / "receipts")

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        return self._folder

    def prepare(self, eid: Eid) -> None:
        """Check that a receipt for this card could be kept now. Raises `StorageFailed` if not.

        Call this before the card is changed: then what it signs about the change can be kept.
        """
        with _storage_errors(f"The receipts cannot be kept in {self._folder}"):
            folder = self._of(eid)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(bytes(4096))
                probe.flush()
                os.fsync(probe.fileno())

    def keep(self, eid: Eid, notification: Notification) -> Receipt:
        """Write a notification to disk. When this returns, it survives a power cut.

        Keeping it again changes nothing. Raises `StorageFailed`; no partial file remains then.
        """
        with _storage_errors(f"The receipts cannot be kept in {self._folder}"):
            path = self._of(eid) / ReceiptName.of(notification).name
            if not (files.is_plain(path) and path.read_bytes() == notification.raw):
                files.write(path, notification.raw)
            elif path not in self._synced:  # A process that was killed may have left it in the cache only.
                files.sync(path)
            self._synced.add(path)
            return Receipt(path, notification)

    def receipt(self, eid: Eid, notification: Notification) -> Receipt | None:
        """The receipt of a notification, None if it is not kept here."""
        path = self.path(eid, ReceiptName.of(notification))
        return Receipt(path, notification) if os.path.lexists(path) else None

    def resembling(
        self, eid: Eid, notification: Notification, newest: int | None = None
    ) -> Iterator[Notification]:
        """The receipts of this card with the same sequence number, event and profile; an equal one first.

        Those that cannot be read are left out. `newest`: the highest number that the journal has of this
        card. Cards count up, so what has a higher one was signed after all that the journal knows. Then the
        folder, which may have very many names, is not listed, and only an equal receipt is looked for: it is
        there if the journal is an older copy.
        """
        wanted, alike = ReceiptName.of(notification), list[str]()
        if newest is not None and notification.metadata.sequence_number > newest:
            alike += [wanted.name] if self.receipt(eid, notification) else []
        else:
            alike += self._alike(eid, wanted)
        for name in sorted(alike, key=lambda name: name != wanted.name):
            with contextlib.suppress(BadAnswer, OSError):
                yield _notification(self._folder / str(eid) / name)

    def _alike(self, eid: Eid, wanted: ReceiptName) -> list[str]:
        with contextlib.suppress(StorageFailed):
            return [
                name
                for name in self._beginning(eid, beginning(wanted.sequence_number))
                if name[:-_CHECKSUM] == wanted.name[:-_CHECKSUM]
            ]
        return []

    def names(self, eid: Eid) -> list[ReceiptName]:
        """What the names of this card's receipts say, by sequence number; the receipts are not read.

        A file with another name is read for it. Files that are no receipts are left out, if they are read.
        """
        found = []
        for name in self._beginning(eid):
            says = ReceiptName.parse(name)
            if says is None:
                with contextlib.suppress(BadAnswer, OSError):
                    content = _notification(self._folder / str(eid) / name)
                    says = ReceiptName.of(content)._replace(name=name)
            found += [says] if says else []
        return sorted(found, key=lambda says: says.sequence_number)

    def numbered(self, eid: Eid, sequence_number: int) -> tuple[Receipt, ...]:
        """The receipts of this card with this number, by name and content; several if it signed it again."""
        return tuple(
            receipt
            for receipt in self._read(eid, self._beginning(eid, beginning(sequence_number)))
            if receipt.notification.metadata.sequence_number == sequence_number
        )

    def path(self, eid: Eid, name: ReceiptName) -> Path:
        """The file with this name of this card."""
        return self._folder / str(eid) / name.name

    def card_of(self, receipt: Receipt) -> Eid | None:
        """The card that a receipt in this folder was collected from; None for a file in another folder."""
        folder = Path(os.path.realpath(receipt.path)).parent  # without raising for a loop of links
        with contextlib.suppress(ValueError):
            return Eid.parse(folder.name) if folder.parent == Path(os.path.realpath(self._folder)) else None
        return None

    def eids(self) -> tuple[Eid, ...]:
        """The cards that have a receipt here. Raises `StorageFailed` if the folder cannot be read."""
        found = []
        with _storage_errors(f"The receipts in {self._folder} cannot be read"):
            for name in _listed(self._folder):
                with contextlib.suppress(ValueError):
                    found += [Eid.parse(name)] if (self._folder / name).is_dir() else []
        return tuple(sorted(found))

    def of(self, eid: Eid) -> tuple[Receipt, ...]:
        """The receipts of this card, by sequence number. Raises `StorageFailed` if they cannot be listed.

        Files that are no receipts are left out, and those that cannot be read, with a warning in the log.
        All of them are read: `names` and `numbered` are for folders with very many.
        """
        found = self._read(eid, self._beginning(eid))
        return tuple(sorted(found, key=lambda kept: kept.notification.metadata.sequence_number))

    def files(self, eid: Eid) -> list[Path]:
        """The files that hold the receipts of this card. Raises `StorageFailed` if they cannot be listed."""
        return [self._folder / str(eid) / name for name in self._beginning(eid)]

    def _read(self, eid: Eid, names: Iterable[str]) -> Iterator[Receipt]:
        for name in names:
            path = self._folder / str(eid) / name
            try:
                yield Receipt(path, _notification(path))
            except OSError as error:
                _log.warning("%s cannot be read: %s", path, system_reason(error))
            except BadAnswer as error:
                _log.debug("%s is no receipt: %s", path, error)

    def _beginning(self, eid: Eid, first: str = "") -> list[str]:
        """The names of this card's receipts that begin so, in order. Raises `StorageFailed`."""
        folder = self._folder / str(eid)
        with _storage_errors(f"The receipts in {folder} cannot be read"):
            names = _listed(folder)
        return sorted(name for name in names if name.startswith(first) and name.endswith(SUFFIX))

    def _of(self, eid: Eid) -> Path:
        """The folder of this card, made private with what is in it."""
        folder = self._folder / str(eid)
        if eid not in self._made or not folder.is_dir():
            were_open = [files.make_folder(path) for path in (self._folder, folder)]
            # In a private folder no other user can read a file, whatever its mode is. So a few tell of all.
            if any(were_open) or _made_private(folder, _LOOKED_AT):
                _made_private(folder)
            self._made.add(eid)
        return folder


def _made_private(folder: Path, most: int | None = None) -> bool:
    """Restrict the receipts in a folder, or the first of them; whether there was one to restrict."""
    with os.scandir(folder) as entries:
        older = [entry for entry in islice(entries, most) if entry.name.endswith(SUFFIX)]
    found = False
    for entry in older:
        # A failure is no reason to stop: other users cannot read this folder.
        with contextlib.suppress(OSError):
            if not system.is_private(entry.stat(follow_symlinks=False)):
                found = True
                files.make_private(Path(entry.path))
    return found


def read(path: Path) -> Receipt:
    """The receipt in a file anywhere. Raises `StorageFailed` if the file cannot be read, and `NotVerified` if
    it holds no receipt.
    """
    try:
        return Receipt(path, _notification(path))
    except OSError as error:
        raise storage_failed(error, f"The receipt in {path} cannot be read", NAME_OTHER_FILE) from error
    except BadAnswer as error:
        raise NotVerified(
            f"There is no receipt in {path}: {error}",
            advice=NOT_A_RECEIPT,
            reason="damaged",
        ) from error


def _notification(path: Path) -> Notification:
    """The notification in a file. Raises `BadAnswer` if it holds none, OSError if it is no ordinary file."""
    with files.open_to_read(path) as file:
        content = file.read(RECEIPT_BYTES + 1)
    if len(content) > RECEIPT_BYTES:
        raise BadAnswer(f"The file has more than {RECEIPT_BYTES} bytes.")
    return Notification.from_tlv(content)


@contextlib.contextmanager
def _storage_errors(what: str) -> Iterator[None]:
    """Turn errors of the disk into `StorageFailed`. `what`: what failed then, a sentence without its end."""
    try:
        yield
    except OSError as error:
        raise storage_failed(error, what, OTHER_STATE_DIR) from error


def _listed(folder: Path) -> list[str]:
    """The names in `folder`; none if there is no such folder."""
    try:
        return os.listdir(folder)  # noqa: PTH208  (a hundred thousand paths take long)
    except FileNotFoundError:
        return []
