"""The proofs: every signed notification as a file of its own, written before anybody is told.

A receipt is the notification exactly as the card signed it (DER), so anyone can check it without this
program. Nothing here deletes one.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lpa.errors import BadAnswer, NotVerified, StorageFailed
from lpa.host import files, settings
from lpa.rsp.limits import RECEIPT_BYTES
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification

_EVENT_CHARACTERS = 40  # in the name of a file, which may have 255


@dataclass(frozen=True)
class Receipt:
    """A signed notification that is on disk, and where."""

    path: Path
    notification: Notification


class Receipts:
    """The folder of receipts: `<EID>/<sequence number>-<event>-<ICCID>-<CRC-32>.der`, readable by us only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._closed: set[Eid] = set()  # those whose older receipts were closed to others

    @classmethod
    def open(cls, state_dir: Path | None = None) -> Self:
        """The receipts on this computer; no card is needed. `state_dir`: as for `Assistant`."""
        return cls(settings.state_dir(state_dir) / "receipts")

    def prepare(self, eid: Eid) -> None:
        """Prove that a receipt for this card could be kept now. Raises `StorageFailed` if not.

        To be asked before the card is changed: a proof that cannot be kept must not come into being.
        """
        import tempfile

        with _storage_errors(self._folder):
            folder = self._of(eid)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(bytes(4096))
                probe.flush()
                os.fsync(probe.fileno())

    def keep(self, eid: Eid, notification: Notification) -> Receipt:
        """Write a notification to disk, for good: when this returns, a power cut cannot take it away.

        Keeping one twice is keeping it once. Raises `StorageFailed`, and then leaves no half of it.
        """
        with _storage_errors(self._folder):
            path = self._of(eid) / _file_name(notification)
            if not (files.is_plain(path) and path.read_bytes() == notification.raw):
                files.write(path, notification.raw)
            return Receipt(path, notification)

    def receipt(self, eid: Eid, notification: Notification) -> Receipt | None:
        """The receipt of a notification, None if it is not kept here."""
        path = self._folder / str(eid) / _file_name(notification)
        return Receipt(path, notification) if path.exists() else None

    def resembling(self, eid: Eid, notification: Notification) -> Iterator[Notification]:
        """What is kept of this card with the same number, event and profile."""
        named = _file_name(notification).rpartition("-")[0]
        for path in (self._folder / str(eid)).glob(f"{named}-*.der"):
            with contextlib.suppress(BadAnswer, OSError):
                yield _notification(path)

    def card_of(self, receipt: Receipt) -> Eid | None:
        """The card from which a receipt in this folder was taken; None if it lies elsewhere."""
        folder = receipt.path.resolve().parent
        with contextlib.suppress(ValueError):
            return Eid.parse(folder.name) if folder.parent == self._folder.resolve() else None
        return None

    def eids(self) -> tuple[Eid, ...]:
        """The cards of which something is kept."""
        found = []
        for path in self._folder.glob("*/"):
            with contextlib.suppress(ValueError):
                found.append(Eid.parse(path.name))
        return tuple(sorted(found))

    def of(self, eid: Eid) -> tuple[Receipt, ...]:
        """What was kept of this card's notifications, by sequence number. Other files are left out."""
        found = []
        for path in (self._folder / str(eid)).glob("*.der"):
            with contextlib.suppress(BadAnswer, OSError):
                found.append(Receipt(path, _notification(path)))
        return tuple(sorted(found, key=lambda kept: kept.notification.metadata.sequence_number))

    def _of(self, eid: Eid) -> Path:
        folder = self._folder / str(eid)
        for path in (self._folder, folder):
            files.make_folder(path)
        if eid not in self._closed:
            for path in folder.glob("*.der"):
                # In this folder nobody else reads it anyway; the proof matters more.
                with contextlib.suppress(OSError):
                    files.make_private(path)
            self._closed.add(eid)
        return folder


def read(path: Path) -> Receipt:
    """The receipt in any file. Raises `StorageFailed` if it cannot be read, `NotVerified` if it is none."""
    try:
        return Receipt(path, _notification(path))
    except OSError as error:
        raise StorageFailed(
            f"The receipt in {path} cannot be read: {error.strerror or error}.", advice="Name another file."
        ) from error
    except BadAnswer as error:
        raise NotVerified(
            f"There is no receipt in {path}: {error}",
            advice="It may be damaged, or be another file.",
            reason="damaged",
        ) from error


def _notification(path: Path) -> Notification:
    """What a file holds. Raises `BadAnswer` if that is no notification, OSError if it is no ordinary file."""
    with files.open_to_read(path) as file:
        content = file.read(RECEIPT_BYTES + 1)
    if len(content) > RECEIPT_BYTES:
        raise BadAnswer(f"It has more than {RECEIPT_BYTES} bytes.")
    return Notification.from_tlv(content)


def _file_name(notification: Notification) -> str:
    told = notification.metadata
    event = told.event.replace(" ", "+")[:_EVENT_CHARACTERS]  # The card may set many bits that have no name.
    checksum = f"{zlib.crc32(notification.raw):08x}"
    return f"{told.sequence_number:06}-{event}-{told.iccid or 'unknown'}-{checksum}.der"


@contextlib.contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(f"The receipts cannot be kept in {folder}: {error.strerror or error}.") from error
