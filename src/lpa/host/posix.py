"""What POSIX systems have of their own: owners and modes of files, folders as descriptors, flock, limits."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import stat
import sys
from pathlib import Path

# With --platform win32, mypy leaves out what follows.
assert sys.platform != "win32"  # noqa: S101  (so that type checkers know it)

TO_SYNC = os.O_RDONLY  # the flags to open a file that is to be flushed
NONBLOCK = os.O_NONBLOCK  # a flag for `os.open`: do not wait for the other end of a FIFO

_OTHERS = 0o077
_NEVER_WAIT_OR_FOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
# Folders in which each user can create files and none can delete another's, as systems have them.
_SHARED = ("/run/lock", "/var/lock", "/tmp")  # noqa: S108  (see `open_file`)
_SHARED_MODE = stat.S_ISVTX | stat.S_IWOTH


def open_file(path: Path, flags: int, mode: int = 0o600) -> int:
    """As `os.open`, but never through a symbolic link, and without waiting for the other end of a FIFO."""
    return os.open(path, flags | _NEVER_WAIT_OR_FOLLOW, mode)


def open_folder(path: Path) -> int | None:
    """A descriptor of a folder. Raises NotADirectoryError for anything else, also a symbolic link."""
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():  # Linux reports ENOTDIR, other systems ELOOP or EMLINK.
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from error
        raise


def sync_folder(folder: Path) -> None:
    """Flush the names in `folder` to the disk."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # One that this user may write to and not read can only be flushed with all else.
        os.sync()
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_ours(status: os.stat_result) -> bool:
    """Whether this user owns the file or folder."""
    return status.st_uid == os.geteuid()


def is_private(status: os.stat_result) -> bool:
    """Whether other users have no access to the file or folder."""
    return not status.st_mode & _OTHERS


def share_file(descriptor: int, folder: Path) -> None:
    """Let each user who can write to `folder` write to this file in it, whatever the umask is."""
    os.fchmod(descriptor, 0o666 & folder.stat().st_mode)


def shared_folder() -> Path | None:
    """The first folder of the system that is for files of all users; None if there is none."""
    return next(map(Path, filter(_is_shared, _SHARED)), None)


def usual_state_home() -> Path | None:
    """The folder that platformdirs finds too, on Linux with a usual environment; None elsewhere."""
    home, state_home = os.environ.get("HOME", ""), os.environ.get("XDG_STATE_HOME", "")
    if sys.platform != "linux" or "ANDROID_ROOT" in os.environ or not home.startswith("/"):
        return None
    if state_home:
        return Path(state_home) if state_home.startswith("/") and state_home == state_home.strip() else None
    return Path(home, ".local", "state")


def _is_shared(name: str) -> bool:
    try:
        status = os.stat(name)  # noqa: PTH116  (follows the system's own link from /var/lock to /run/lock)
    except OSError:
        return False
    return status.st_uid == 0 and status.st_mode & _SHARED_MODE == _SHARED_MODE


def try_lock(descriptor: int) -> bool:
    """Lock a file or folder until its descriptor is closed or the process ends; False if another has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(descriptor: int) -> None:
    """End the lock, also for copies of the descriptor: a forked process has one."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def wait_for_lock(descriptor: int) -> None:
    """As `try_lock`, but wait until it is free. Ctrl-C ends the wait."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def disable_core_dumps() -> None:
    """Keep the memory of this process off the disk if it crashes: it may hold a PIN.

    On Linux a program that collects core dumps gets one despite a limit of 0, but not with a limit of 1 byte.
    """
    most = 1 if sys.platform == "linux" else 0
    with contextlib.suppress(OSError, ValueError):  # if a lower limit is set already
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def certificate_authorities() -> list[bytes]:
    """The trusted certificates (DER) that the system keeps outside of OpenSSL's files: none."""
    return []
