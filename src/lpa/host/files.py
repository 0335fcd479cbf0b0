"""Private files and folders: created without a race, written durably, and never through a symbolic link.

Only a folder or a regular file that this user owns, and that no other user can access, is written to. In such
a folder no other user can create or rename anything, so a name stays valid after it was checked.
Each function here raises OSError with a sentence as its `strerror`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from lpa import redaction
from lpa.host import system

_log = redaction.logger(__name__)
_RESTRICTED = "%s was accessible to other users; only its owner can access it now"


def make_folder(path: Path) -> bool:
    """Create the folder `path`, and each folder above it that is missing, with access for this user alone.

    Returns whether other users could access it until now: it is restricted then, with a warning in the log. A
    symbolic link, or a folder of another user, is an error. When this returns, the names of new folders
    survive a power cut.
    """
    _make_folders(path, mode=0o700)
    with _opened(path) as descriptor:
        if descriptor is None or system.is_private(os.fstat(descriptor)):
            return False
        os.chmod(descriptor, 0o700)  # noqa: PTH101  (what was checked, and not its name)
        _log.warning(_RESTRICTED, path)
        return True


def make_parents(path: Path) -> None:
    """Create each folder above `path` that is missing, with the access that the user's other folders get.

    When this returns, the names of new folders survive a power cut.
    """
    _make_folders(path.parent, mode=0o777)
    if not path.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{path.parent} is not a folder", str(path.parent))


def touch(path: Path) -> None:
    """Create the empty private file `path`, or restrict an existing one; for a library that opens it by name.

    An existing file is not opened: closing it would release all locks that this process has on it (POSIX).
    When this returns, the name survives a power cut.
    """
    try:
        os.close(system.open_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        make_private(path)
        if path.lstat().st_size:
            return
    sync_folder(path.parent)  # Also for an empty file: the process that made it may have been killed.


def make_private(path: Path) -> None:
    """Restrict `path` to its owner, with a warning in the log. Does nothing if there is no such file.

    Raises if it is not a regular file of this user with one hard link. Only for names in a folder of
    `make_folder`, where they stay valid.
    """
    with contextlib.suppress(FileNotFoundError):
        status = path.lstat()
        _require_sole(path, status)
        if not system.is_private(status):
            path.chmod(0o600)  # by its name: see `touch`
            _log.warning(_RESTRICTED, path)


def open_to_append(path: Path) -> int:
    """A descriptor at the end of the file `path`, which is created or is private already."""
    flags = os.O_WRONLY | os.O_APPEND
    try:
        return system.open_file(path, flags | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        descriptor = system.open_file(path, flags)
    try:
        _require_private(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def open_to_read(path: Path) -> Iterator[BinaryIO]:
    """The regular file `path`, of any user. A FIFO or a device is an error, and is not waited for."""
    with open(path, "rb", opener=_open_without_waiting) as file:
        _require_regular(path, os.fstat(file.fileno()))
        yield file


@contextlib.contextmanager
def unnamed(folder: Path) -> Iterator[FileIO]:
    """A private file in `folder` that has no name: it is gone when the block or the process ends.

    It is not buffered, so that a write that fails does so at once: a write may be a part of what was asked.
    """
    import tempfile  # Here and not above: reading needs none, and it takes long.

    file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  (closed below; O_TMPFILE, 0600)
    try:
        yield FileIO(file.fileno(), "r+b", closefd=False)
    finally:
        with contextlib.suppress(OSError):  # The file is no longer needed.
            file.close()


def write(path: Path, content: bytes) -> None:
    """Write `content` to `path`: all of it or nothing, and flushed to the disk when this returns.

    The file is flushed before it gets its name, and its folder after that. A regular file is replaced; a
    symbolic link, a device or a FIFO is an error.
    """
    with _replaced(path) as file:
        file.write(content)
        _flush(file)
    sync_folder(path.parent)


def write_unsynced(path: Path, content: bytes) -> None:
    """As `write`, but a power cut may take it back, or leave any content: for what can be found out anew."""
    with _replaced(path) as file:
        file.write(content)


def sync(path: Path) -> None:
    """Have the content and the name of the regular file `path` survive a power cut, whoever wrote it."""
    descriptor = system.open_file(path, system.TO_SYNC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def write_new(path: Path, content: bytes) -> None:
    """Create the private file `path` with `content`, flushed to the disk; the caller flushes its folder."""
    with os.fdopen(system.open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
        file.write(content)
        _flush(file)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[int | None]:
    """Lock a private folder until the block or the process ends: a descriptor of it.

    None where the system cannot lock folders (Windows). Raises `BlockingIOError` if another process has it
    locked, another OSError if it is not a private folder.
    """
    with _opened(folder) as descriptor:
        if descriptor is not None:
            if not system.is_private(os.fstat(descriptor)):
                raise _refusal(folder, "other users can access it")
            if not system.try_lock(descriptor):
                raise BlockingIOError(errno.EAGAIN, "another process uses it", str(folder))
        yield descriptor


def status(path: Path) -> os.stat_result | None:
    """Of what `path` leads to; None if there is nothing. Raises OSError if that cannot be found out."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` survive a power cut."""
    system.sync_folder(folder)


def is_plain(path: Path) -> bool:
    """Whether `path` is a regular file, and not a symbolic link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _make_folders(path: Path, mode: int) -> None:
    """Create `path` and what is missing above it, and flush the name of each to the disk before it is used.

    So a folder that contains anything has a name that was flushed, and so has each above it. An empty one may
    have been made by a process that was killed before that.
    """
    if os.path.lexists(path) and not _is_empty(path):
        return
    for folder in (*reversed(path.parents), path):
        if not os.path.lexists(folder):
            with contextlib.suppress(FileExistsError):  # another process was faster
                folder.mkdir(mode)
        elif not _is_empty(folder):
            continue
        system.sync_folder(folder.parent)


def _is_empty(folder: Path) -> bool:
    """Whether nothing is in `folder`; False if it cannot be read."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return next(entries, None) is None
    return False


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    """A descriptor of a folder that this user owns; None where folders cannot be opened (Windows)."""
    try:
        descriptor = system.open_folder(folder)
    except NotADirectoryError as error:
        what = "it is a symbolic link" if folder.is_symlink() else "it is not a folder"
        raise _refusal(folder, what) from error
    if descriptor is None:
        yield None
        return
    try:
        _require_ours(folder, os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | system.NONBLOCK)


@contextlib.contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """A new private file that takes the place of `path` when the block ends without an error."""
    import tempfile  # Here and not above: reading needs none, and it takes long.

    _require_replaceable(path)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # O_EXCL, 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _require_replaceable(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        _require_regular(path, path.lstat())


def _require_private(path: Path, status: os.stat_result) -> None:
    _require_sole(path, status)
    if not system.is_private(status):
        raise _refusal(path, "other users can access it; restrict it (chmod 600) or remove it")


def _require_sole(path: Path, status: os.stat_result) -> None:
    _require_regular(path, status)
    _require_ours(path, status)
    if status.st_nlink != 1:
        raise _refusal(path, "it has more than one hard link")


def _require_regular(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _refusal(path, "it is a symbolic link")
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(path, "it is not a regular file")


def _require_ours(path: Path, status: os.stat_result) -> None:
    if not system.is_ours(status):
        raise _refusal(path, "it belongs to another user")


def _refusal(path: Path, why: str) -> OSError:
    return PermissionError(errno.EPERM, why, str(path))
