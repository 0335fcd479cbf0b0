"""Locks for one operation on a card at a time, among all processes (on POSIX: of all users) of this computer.

A lock is a file that its holder has locked: however the holder ends, the system releases the lock. The file
stays, and names the holder. Its own name is a hash, so no EID can be read from it.

The folder may be open to all users. What another user puts in the place of a lock is refused and never
followed: it can block an operation, but cannot make this process write to another file.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import math
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lpa import stop
from lpa.advice.defaults import TRY_AGAIN_WHEN_FINISHED
from lpa.advice.storage import REMOVE_LOCK_OR, SET_LOCK_DIR
from lpa.errors import CardBusy, StorageFailed, storage_advice, system_reason
from lpa.host import system
from lpa.rsp.facts import fact

_HOLDER_BYTES = 200  # at most, in the file
_PAUSE = 0.05  # seconds between two tries, in a wait that a time limit or a stop may end
_REFUSED = (errno.EACCES, errno.EPERM, errno.ELOOP)  # what a file of another user, or a planted one, leads to


@fact
class Holder:
    """The process that holds a lock, as it names itself in the file. `pid` is 0 if it does not."""

    pid: int = 0
    command: str = ""

    def __str__(self) -> str:
        return f"'{self.command}' (process {self.pid})" if self.pid else "another program"


OnWait = Callable[[Holder], None]


class Locks:
    """The locks in a folder. `command`: what this process runs, as other users may read it.

    `wait`: how many seconds a lock is waited for; 0 for not at all, `math.inf` for as long as it takes. None:
    as long as it takes if there is an `on_wait`, else not at all. `on_wait`: called once with the holder
    before a wait. Raises ValueError for a time below zero.
    """

    def __init__(
        self, folder: Path, *, command: str = "", on_wait: OnWait | None = None, wait: float | None = None
    ) -> None:
        self.command = command or Path(sys.argv[0]).name
        self._folder = folder
        self._on_wait = on_wait
        self._wait = checked_wait((math.inf if on_wait else 0.0) if wait is None else wait)

    @classmethod
    def of_host(cls, *, command: str = "", on_wait: OnWait | None = None, wait: float | None = None) -> Locks:
        """The locks that the processes of this computer share."""
        return cls(shared_folder(), command=command, on_wait=on_wait, wait=wait)

    def nowait(self) -> Locks:
        """The same locks, without waiting."""
        return Locks(self._folder, command=self.command)

    @contextlib.contextmanager
    def lock(self, subject: str) -> Iterator[None]:
        """Hold the lock of `subject`, a text that is the same in all processes, until the block ends.

        Raises `CardBusy` with the holder if another process holds it for longer than this waits,
        `StorageFailed` if the file cannot be locked. A process that this one forks does not get the lock.
        """
        descriptor, process = self._acquire(self._folder / _file_name(subject)), os.getpid()
        try:
            _write_holder(descriptor, f"{process} {self.command}")
            yield
        finally:  # Whatever the disk reports now, the lock ends, and what was done under it stays done.
            if os.getpid() == process:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, 0)
                with contextlib.suppress(OSError):
                    system.unlock(descriptor)  # A forked process may still have it open.
            with contextlib.suppress(OSError):
                os.close(descriptor)

    @contextlib.contextmanager
    def lock_if_free(self, subject: str) -> Iterator[bool]:
        """As `lock`, but never waits: whether the lock is held until the block ends."""
        with contextlib.ExitStack() as held:
            free = True
            try:
                held.enter_context(self.nowait().lock(subject))
            except CardBusy:
                free = False
            yield free

    def _acquire(self, path: Path) -> int:
        """The lock's file, locked. Opened anew if somebody removed it (a cleaner of /tmp) during the wait."""
        while True:
            descriptor = _open(path)
            try:
                self._lock_file(path, descriptor)
                with _lock_errors(path):
                    if _is_still(path, descriptor):
                        return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _lock_file(self, path: Path, descriptor: int) -> None:
        with _lock_errors(path):
            if system.try_lock(descriptor):
                return
            holder = _holder(descriptor)
        if self._wait == 0:
            raise _busy(holder)
        if self._on_wait:
            self._on_wait(holder)
        with _lock_errors(path):
            if self._wait_for(descriptor):
                return
            holder = _holder(descriptor)
        raise _busy(holder)

    def _wait_for(self, descriptor: int) -> bool:
        """Wait for a lock; whether this process has it now. Raises `StopRequested`."""
        if self._wait == math.inf and not stop.heeded():
            system.wait_for_lock(descriptor)
            return True
        ends = time.monotonic() + self._wait
        while not system.try_lock(descriptor):
            left = ends - time.monotonic()
            if left <= 0:
                return False
            stop.pause(min(_PAUSE, left))
        return True


def checked_wait(seconds: float) -> float:
    """A time to wait. Raises ValueError if it is below zero, or no number."""
    if not seconds >= 0:
        raise ValueError("a wait takes 0 seconds or more")
    return seconds


def _busy(holder: Holder) -> CardBusy:
    return CardBusy(f"The card is in use by {holder}.", advice=TRY_AGAIN_WHEN_FINISHED)


def shared_folder() -> Path:
    """Where the locks of this computer are: `LPA_LOCK_DIR`, or the folder of the system for such files.

    If it has none (Windows), the temporary folder of this user.
    """
    named = os.environ.get("LPA_LOCK_DIR")
    if folder := Path(named) if named else system.shared_folder():
        return folder
    import tempfile  # Here and not above: on few systems.

    return Path(tempfile.gettempdir())


def _file_name(subject: str) -> str:
    coded = subject.encode(errors="surrogateescape")  # a path may have bytes that are no characters
    return f"lpa-{_sha256(coded)[:32]}.lock"


def _sha256(data: bytes) -> str:
    """By Python's own module if it has one, as `random` does: `hashlib` loads OpenSSL, which takes long."""
    for name in ("_sha2", "_sha256"):  # from Python 3.12 on, and before
        with contextlib.suppress(ImportError):
            return str(importlib.import_module(name).sha256(data).hexdigest())
    return str(importlib.import_module("hashlib").sha256(data).hexdigest())


def _open(path: Path) -> int:
    """The lock's file, created if it is missing."""
    with _lock_errors(path):
        try:
            # No O_CREAT for an existing file: Linux forbids it in such folders (fs.protected_regular).
            descriptor = system.open_file(path, os.O_RDWR)
        except FileNotFoundError:
            descriptor = _create(path)
        _require_regular(descriptor)
        return descriptor


@contextlib.contextmanager
def _lock_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(
            f"The lock {path} cannot be used: {system_reason(error)}.", advice=_advice(error)
        ) from error


def _advice(error: OSError) -> str:
    if error.errno in _REFUSED:
        return REMOVE_LOCK_OR.filled(otherwise=SET_LOCK_DIR)
    return storage_advice(error, SET_LOCK_DIR)


def _create(path: Path) -> int:
    """A new file, shared: each user who may use the folder must be able to lock it and write the holder."""
    try:
        descriptor = system.open_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:  # another process was faster
        return system.open_file(path, os.O_RDWR)
    system.share_file(descriptor, path.parent)
    return descriptor


def _require_regular(descriptor: int) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(descriptor)
        raise PermissionError(errno.EPERM, "it is not a regular file, or has more than one hard link")


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> Holder:
    """The holder that the file names. Any user could have written that, so it is only shown."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    pid, _, command = os.read(descriptor, _HOLDER_BYTES).decode(errors="replace").partition(" ")
    return Holder(int(pid), command) if pid.isascii() and pid.isdecimal() and command else Holder()


def _write_holder(descriptor: int, text: str) -> None:
    with contextlib.suppress(OSError):  # On a full disk the lock counts without a name.
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode(errors="replace")[:_HOLDER_BYTES])
