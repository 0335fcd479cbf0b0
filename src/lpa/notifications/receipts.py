"""Keep each signed notification as a receipt: a file of its own, written before the notification is sent.

A receipt is the notification exactly as the card signed it (DER), so anyone can check it without this
program. Nothing here deletes a receipt.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lpa import redaction
from lpa.errors import BadAnswer, NotVerified, StorageFailed, storage_advice, system_reason
from lpa.host import files, settings
from lpa.rsp.limits import RECEIPT_BYTES
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification

_OTHERWISE = "choose another folder with --state-dir"
_log = redaction.logger(__name__)
_EVENT_CHARACTERS = 40  # in a file name, which may have 255 bytes


@dataclass(frozen=True)
class Receipt:
    """A signed notification that is on disk, and where."""

    path: Path
    notification: Notification


class Receipts:
    """The receipts of all cards, in a folder that only this user can read.

    The path of each is `<EID>/<sequence number>-<event>-<ICCID>-<CRC-32>.der`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made_private: set[Eid] = set()  # the cards whose older receipts were made private

    @classmethod
    def open(cls, state_dir: Path | None = None) -> Self:
        """The receipts on this computer; no card is needed. `state_dir`: as for `Assistant`."""
        return cls(settings.state_dir(state_dir) / "receipts")

    def prepare(self, eid: Eid) -> None:
        """Check that a receipt for this card could be kept now. Raises `StorageFailed` if not.

        Call this before the card is changed: then what it signs about the change can be kept.
        """
        with _storage_errors(self._folder):
            folder = self._of(eid)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(bytes(4096))
                probe.flush()
                os.fsync(probe.fileno())

    def keep(self, eid: Eid, notification: Notification) -> Receipt:
        """Write a notification to disk. When this returns, it survives a power cut.

        Keeping it again changes nothing. Raises `StorageFailed`; no partial file remains then.
        """
        with _storage_errors(self._folder):
            path = self._of(eid) / _file_name(notification)
            if not (files.is_plain(path) and path.read_bytes() == notification.raw):
                files.write(path, notification.raw)
            return Receipt(path, notification)

    def receipt(self, eid: Eid, notification: Notification) -> Receipt | None:
        """The receipt of a notification, None if it is not kept here."""
        path = self._folder / str(eid) / _file_name(notification)
        return Receipt(path, notification) if os.path.lexists(path) else None

    def resembling(self, eid: Eid, notification: Notification) -> Iterator[Notification]:
        """The receipts of this card with the same sequence number, event and profile that can be read."""
        named = _file_name(notification).rpartition("-")[0]
        paths: list[Path] = []
        with contextlib.suppress(StorageFailed):
            paths = [path for path in self.files(eid) if path.name.startswith(f"{named}-")]
        for path in paths:
            with contextlib.suppress(BadAnswer, OSError):
                yield _notification(path)

    def card_of(self, receipt: Receipt) -> Eid | None:
        """The card that a receipt in this folder was collected from; None for a file in another folder."""
        folder = Path(os.path.realpath(receipt.path)).parent  # without raising for a loop of links
        with contextlib.suppress(ValueError):
            return Eid.parse(folder.name) if folder.parent == Path(os.path.realpath(self._folder)) else None
        return None

    def eids(self) -> tuple[Eid, ...]:
        """The cards that have a receipt here. Raises `StorageFailed` if the folder cannot be read."""
        found = []
        with _reading_errors(self._folder):
            for path in _listed(self._folder):
                with contextlib.suppress(ValueError):
                    found += [Eid.parse(path.name)] if path.is_dir() else []
        return tuple(sorted(found))

    def of(self, eid: Eid) -> tuple[Receipt, ...]:
        """The receipts of this card, by sequence number. Raises `StorageFailed` if they cannot be listed.

        Files that are no receipts are left out, and those that cannot be read, with a warning in the log.
        """
        found = []
        for path in self.files(eid):
            try:
                found.append(Receipt(path, _notification(path)))
            except OSError as error:
                _log.warning("%s cannot be read: %s", path, system_reason(error))
            except BadAnswer as error:
                _log.debug("%s is no receipt: %s", path, error)
        return tuple(sorted(found, key=lambda kept: kept.notification.metadata.sequence_number))

    def files(self, eid: Eid) -> list[Path]:
        """The files that hold the receipts of this card. Raises `StorageFailed` if they cannot be listed."""
        folder = self._folder / str(eid)
        with _reading_errors(folder):
            return [path for path in _listed(folder) if path.suffix == ".der"]

    def _of(self, eid: Eid) -> Path:
        folder = self._folder / str(eid)
        for path in (self._folder, folder):
            files.make_folder(path)
        if eid not in self._made_private:
            for path in folder.glob("*.der"):
                # A failure is no reason to stop: other users cannot read this folder.
                with contextlib.suppress(OSError):
                    files.make_private(path)
            self._made_private.add(eid)
        return folder


def read(path: Path) -> Receipt:
    """The receipt in a file anywhere. Raises `StorageFailed` if the file cannot be read, and `NotVerified` if
    it holds no receipt.
    """
    try:
        return Receipt(path, _notification(path))
    except OSError as error:
        raise StorageFailed(
            f"The receipt in {path} cannot be read: {system_reason(error)}.",
            advice=storage_advice(error, "name another file"),
        ) from error
    except BadAnswer as error:
        raise NotVerified(
            f"There is no receipt in {path}: {error}",
            advice="The file may be damaged, or may not be a receipt.",
            reason="damaged",
        ) from error


def _notification(path: Path) -> Notification:
    """The notification in a file. Raises `BadAnswer` if it holds none, OSError if it is no ordinary file."""
    with files.open_to_read(path) as file:
        content = file.read(RECEIPT_BYTES + 1)
    if len(content) > RECEIPT_BYTES:
        raise BadAnswer(f"The file has more than {RECEIPT_BYTES} bytes.")
    return Notification.from_tlv(content)


def _file_name(notification: Notification) -> str:
    metadata = notification.metadata
    event = metadata.event.replace(" ", "+")[:_EVENT_CHARACTERS]  # A card may set many bits without a name.
    checksum = f"{zlib.crc32(notification.raw):08x}"
    return f"{metadata.sequence_number:06}-{event}-{metadata.iccid or 'unknown'}-{checksum}.der"


@contextlib.contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(
            f"The receipts cannot be kept in {folder}: {system_reason(error)}.",
            advice=storage_advice(error, _OTHERWISE),
        ) from error


@contextlib.contextmanager
def _reading_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(
            f"The receipts in {folder} cannot be read: {system_reason(error)}.",
            advice=storage_advice(error, _OTHERWISE),
        ) from error


def _listed(folder: Path) -> list[Path]:
    """What is in `folder`, by name; nothing if there is no such folder."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
