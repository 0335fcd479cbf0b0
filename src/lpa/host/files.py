"""Files and folders for their owner alone: made without a race, and never by way of a link that was planted.

Law: what we write into is a folder or an ordinary file of this user, closed to others, or nothing is written.
Within such a folder nobody else can plant anything, so a name that was checked stays what it is.
Everything here raises OSError with a sentence as its `strerror`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lpa import redaction

if sys.platform != "win32":
    import fcntl

_log = redaction.logger(__name__)

_OTHERS = 0o077
# Where the system has no such flag it has no such links either.
_NOT_BY_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_UNHURRIED = getattr(os, "O_NONBLOCK", 0)  # to open a pipe that was planted does not wait for its other end


def make_folder(path: Path) -> None:
    """Have `path` as a folder that only we can enter; what is missing above it is made so too.

    One that was open to others is closed to them, and that is said. A link, or a folder of another user, is
    an error.
    """
    for missing in (*reversed(path.parents), path):
        if not os.path.lexists(missing):
            with contextlib.suppress(FileExistsError):  # another process was faster
                missing.mkdir(mode=0o700)
    if os.name != "posix":  # elsewhere the system's own rules protect what is in a user's folders
        return
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NOT_BY_LINK)
    except NotADirectoryError as error:  # which is what Linux says of a link to a folder, too
        raise _objection(path, "it is a link" if path.is_symlink() else "it is no folder") from error
    try:
        found = os.fstat(folder)
        _demand_ours(path, found)
        if found.st_mode & _OTHERS:
            os.fchmod(folder, 0o700)
            _log.warning("%s was open to other users and is closed to them now", path)
    finally:
        os.close(folder)


def touch(path: Path) -> None:
    """Have `path` as an ordinary file of ours, empty if it is new, for a library that opens it by its name.

    One that is there is not opened: closing it would end all locks that this process has on it (POSIX).
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NOT_BY_LINK, 0o600))
    except FileExistsError:
        make_private(path)


def make_private(path: Path) -> None:
    """Close `path` to others, and say so. Raises if it is no ordinary file of ours with one name.

    What is not there is fine. Only for names in a folder of `make_folder`, where they stay what they are.
    """
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
        _demand_plain(path, found)
        if os.name == "posix" and found.st_mode & _OTHERS:
            path.chmod(0o600)  # by its name: see `touch`
            _log.warning("%s was open to other users and is closed to them now", path)


def open_to_append(path: Path) -> int:
    """A descriptor at the end of the file `path`, which is new, or ours and closed to others already."""
    flags = os.O_WRONLY | os.O_APPEND | _NOT_BY_LINK
    try:
        return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        descriptor = os.open(path, flags | _UNHURRIED)
    try:
        _demand_private(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def open_to_read(path: Path) -> Iterator[BinaryIO]:
    """The ordinary file `path`, whoever's. A pipe or a device is an error, and nothing is waited for."""
    with open(path, "rb", opener=_open_unhurried) as file:
        _demand_ordinary(path, os.fstat(file.fileno()))
        yield file


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path`: all of it or nothing, and on the disk itself when this returns.

    First the file, then its name (fsync of the folder). It takes the place of an ordinary file; a link, a
    device or a pipe is an error.
    """
    _demand_replaceable(path)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # O_EXCL, 0600
    try:
        _fill(descriptor, content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_new(path: Path, content: bytes) -> None:
    """As `write`, but a file that may not be there yet, in a folder that is synced later."""
    _fill(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOT_BY_LINK, 0o600), content)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[int | None]:
    """Hold a folder of ours, closed to others, until the block ends: a descriptor of it.

    However we end, the system lets go of it. None where the system cannot hold folders. Raises OSError if
    another process holds it (`BlockingIOError`), or if it is not of that kind.
    """
    if sys.platform == "win32":
        yield None
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _NOT_BY_LINK)
    try:
        found = os.fstat(descriptor)
        _demand_ours(folder, found)
        if found.st_mode & _OTHERS:
            raise _objection(folder, "other users may enter it")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` survive a power cut."""
    if os.name == "posix":  # Windows has no way to sync a folder, and needs none.
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_plain(path: Path) -> bool:
    """Whether an ordinary file, and no link to one, has this name."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _open_unhurried(path: str, flags: int) -> int:
    return os.open(path, flags | _UNHURRIED)


def _fill(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _demand_replaceable(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        _demand_ordinary(path, path.lstat())


def _demand_private(path: Path, found: os.stat_result) -> None:
    _demand_plain(path, found)
    if os.name == "posix" and found.st_mode & _OTHERS:
        raise _objection(path, "other users may read it; close it to them (mode 600) or take it away")


def _demand_plain(path: Path, found: os.stat_result) -> None:
    _demand_ordinary(path, found)
    _demand_ours(path, found)
    if found.st_nlink != 1:
        raise _objection(path, "it has other names too (hard links)")


def _demand_ordinary(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise _objection(path, "it is a link")
    if not stat.S_ISREG(found.st_mode):
        raise _objection(path, "it is no ordinary file")


def _demand_ours(path: Path, found: os.stat_result) -> None:
    if os.name == "posix" and found.st_uid != os.geteuid():
        raise _objection(path, "it belongs to another user")


def _objection(path: Path, why: str) -> OSError:
    return PermissionError(errno.EPERM, why, str(path))
