"""Stores the notifications that a simulated SM-DP+ accepted, each once, in a durable file."""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
import threading
from datetime import datetime
from pathlib import Path

from lpa.advice.simulator import NAME_ANOTHER_FILE
from lpa.advice.storage import NAME_OTHER_FILE
from lpa.errors import BadAnswer, StorageFailed, storage_failed
from lpa.rsp.records import Notification
from lpa.sim.servers.acceptance import Received

_BEGINNING = b'{"received": '  # of each line


class Ledger:
    """The accepted notifications, in memory and in the file `path` unless it is None: one JSON line each.

    Raises `StorageFailed` if the file cannot be read. It is thread-safe.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._received: dict[tuple[str, bytes], Received] = {}
        if path:
            self._load(path)

    @property
    def received(self) -> tuple[Received, ...]:
        """All of them, in order of arrival."""
        with self._lock:
            return tuple(self._received.values())

    def add(self, received: Received) -> None:
        """Store a notification durably, unless it is stored already. Raises `StorageFailed`."""
        with self._lock:
            if (received.eid, received.signed) in self._received:
                return
            if self._path:
                _append(self._path, _line(received))
            self._received[received.eid, received.signed] = received

    def _load(self, path: Path) -> None:
        try:
            content = _content(path)
            size = _complete(content)
            for line in content[:size].splitlines():
                received = _received(line)
                self._received[received.eid, received.signed] = received
            if size != len(content):
                os.truncate(path, size)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failed(f"Cannot read {path}", error) from error
        except (ValueError, KeyError, TypeError, BadAnswer) as error:
            raise StorageFailed(
                f"The file {path} is not a list of notifications: {error}.", advice=NAME_ANOTHER_FILE
            ) from error


def _content(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):  # a device may have no end
        raise OSError(errno.EINVAL, "it is not a regular file")
    return path.read_bytes()


def _complete(content: bytes) -> int:
    """The length of the complete lines. Raises ValueError if the rest is not the beginning of one.

    A power cut can leave such a beginning. Its notification was not acknowledged, so it can be dropped.
    """
    size = content.rfind(b"\n") + 1
    rest = content[size:]
    if not (rest.startswith(_BEGINNING) or _BEGINNING.startswith(rest)):
        raise ValueError("its last line is something else")
    return size


def _append(path: Path, line: bytes) -> None:
    try:
        with path.open("ab", buffering=0) as file:
            end = file.tell()
            written = file.write(line)
            if written == len(line):
                os.fsync(file.fileno())
            else:
                file.truncate(end)  # half a line would corrupt the next one
    except OSError as error:
        raise _failed(f"Cannot write to {path}", error) from error
    if written != len(line):
        raise _failed(f"Cannot write to {path}", OSError(errno.ENOSPC, "the disk is full"))


def _failed(what: str, error: OSError) -> StorageFailed:
    return storage_failed(error, what, NAME_OTHER_FILE)


def _line(received: Received) -> bytes:
    record = {
        "received": received.when.isoformat(),
        "eid": received.eid,
        "iccid": str(received.iccid) if received.iccid else None,
        "event": received.event,
        "sequenceNumber": received.sequence_number,
        "address": received.address,
        "pendingNotification": base64.b64encode(received.raw).decode(),
    }
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _received(line: bytes) -> Received:
    """The inverse of `_line`. What the notification itself contains is decoded from it again."""
    record = json.loads(line)
    notification = Notification.from_tlv(base64.b64decode(record["pendingNotification"], validate=True))
    return Received(notification, record["eid"], datetime.fromisoformat(record["received"]))
