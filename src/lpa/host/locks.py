"""One operation on a card at a time, among all processes and users of this computer.

A lock is a file that its holder has locked (flock): however the holder ends, the system ends the lock. The
file stays, and says who holds it. It has a hash in its name, so that no EID can be read from it.

Law: what somebody planted in its place is refused and never followed, for the folder is everybody's. Whoever
wants to hinder us there can, but cannot make us write anywhere else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lpa.errors import CardBusy, StorageFailed

# Folders where everybody may leave files and nobody may take away another's, as systems have them.
_SHARED = ("/run/lock", "/var/lock", "/tmp")  # noqa: S108  (what is planted there is refused)
_EVERYBODYS = stat.S_ISVTX | stat.S_IWOTH
_MOST_SAID = 200  # bytes that a holder may say of itself
_ASIDE = 1 << 20  # the byte that Windows locks, behind those that are read
_PAUSE = 0.1  # seconds, where the system cannot wait for a lock by itself


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock, as it says itself. `pid` is 0 if it does not say."""

    pid: int = 0
    command: str = ""

    def __str__(self) -> str:
        return f"'{self.command}' (process {self.pid})" if self.pid else "another program"


Notice = Callable[[Holder], None]


class Locks:
    """The locks in a folder. `command`: what this process does, in words that others may read.

    `notice`: told once who is waited for, before a wait. Without one nobody waits.
    """

    def __init__(self, folder: Path, *, command: str = "", notice: Notice | None = None) -> None:
        self.command = command or Path(sys.argv[0]).name
        self._folder = folder
        self._notice = notice

    @classmethod
    def of_host(cls, *, command: str = "", notice: Notice | None = None) -> Locks:
        """Those that all processes and users of this computer share."""
        return cls(shared_folder(), command=command, notice=notice)

    def nowait(self) -> Locks:
        """The same, but nobody waits."""
        return Locks(self._folder, command=self.command)

    @contextlib.contextmanager
    def lock(self, subject: str) -> Iterator[None]:
        """Hold `subject` (the same words for all who mean the same thing) until the block ends.

        Raises `CardBusy` with the holder if it is held and nobody waits, `StorageFailed` if there can be no
        lock. One that was killed holds nothing any more.
        """
        descriptor = self._seize(self._folder / _file_name(subject))
        try:
            _say(descriptor, f"{os.getpid()} {self.command}")
            yield
        finally:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    @contextlib.contextmanager
    def lock_if_free(self, subject: str) -> Iterator[bool]:
        """As `alone`, but nobody is waited for: whether `subject` is held until the block ends."""
        with contextlib.ExitStack() as held:
            free = True
            try:
                held.enter_context(Locks(self._folder, command=self.command).lock(subject))
            except CardBusy:
                free = False
            yield free

    def _seize(self, path: Path) -> int:
        """The lock's file, held. Once more if it was swept away (by who cleans /tmp) while we waited."""
        while True:
            descriptor = _open(path)
            try:
                self._take(descriptor)
                if _is_still(path, descriptor):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        if _taken(descriptor):
            return
        holder = _holder(descriptor)
        if self._notice is None:
            raise CardBusy(
                f"Another lpa works with this card: {holder}.", advice="Try again when it has finished."
            )
        self._notice(holder)
        _wait_for(descriptor)


def shared_folder() -> Path:
    """Where the locks of this computer are: `LPA_LOCK_DIR`, or the first folder that is everybody's."""
    candidates = [os.environ.get("LPA_LOCK_DIR"), *filter(_is_everybodys, _SHARED)]
    return Path(next(filter(None, candidates), None) or tempfile.gettempdir())


def _is_everybodys(name: str) -> bool:
    try:
        found = os.stat(name)  # noqa: PTH116  (the link from /var/lock to /run/lock is the system's own)
    except OSError:
        return False
    return found.st_uid == 0 and found.st_mode & _EVERYBODYS == _EVERYBODYS


def _file_name(subject: str) -> str:
    return f"lpa-{hashlib.sha256(subject.encode()).hexdigest()[:32]}.lock"


def _open(path: Path) -> int:
    """The file, made if need be."""
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        try:
            # Never O_CREAT for what is there: Linux forbids it in such folders (fs.protected_regular).
            descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
        except FileNotFoundError:
            descriptor = _make(path, flags)
        _demand_plain(descriptor)
    except OSError as error:
        raise StorageFailed(
            f"The lock {path} cannot be used: {error.strerror or error}.",
            advice="If somebody put it there, have an administrator take it away.",
        ) from error
    return descriptor


def _make(path: Path, flags: int) -> int:
    """A new file for all who may use the folder, or they could not say there that they hold the lock."""
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:  # another process was faster
        return os.open(path, flags)
    if os.name == "posix":
        os.fchmod(descriptor, 0o666 & path.parent.stat().st_mode)  # whatever the umask is
    return descriptor


def _demand_plain(descriptor: int) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        raise PermissionError(1, "it is no ordinary file, or has other names too")


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> Holder:
    """Who says to hold it. Anybody could have written that, so it is only ever shown."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    pid, _, command = os.read(descriptor, _MOST_SAID).decode(errors="replace").partition(" ")
    return Holder(int(pid), command) if pid.isascii() and pid.isdecimal() and command else Holder()


def _say(descriptor: int, text: str) -> None:
    with contextlib.suppress(OSError):  # A full disk takes the words, not the lock.
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode()[:_MOST_SAID])


if sys.platform == "win32":
    import msvcrt

    def _taken(descriptor: int) -> bool:
        os.lseek(descriptor, _ASIDE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait_for(descriptor: int) -> None:
        while not _taken(descriptor):
            time.sleep(_PAUSE)

else:
    import fcntl

    def _taken(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait_for(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # Ctrl-C ends it.
