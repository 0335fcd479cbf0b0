"""What takes the place of `lpa.host.posix` on Windows: locks on bytes, and no owners or modes of files.

Who may read a user's files is up to the access control lists of Windows, which a new file takes from its
folder; nothing here checks or changes them.
"""

from __future__ import annotations

import errno
import msvcrt
import os
import sys
import time
from pathlib import Path

# With another --platform, mypy leaves out what follows.
assert sys.platform == "win32"  # noqa: S101  (so that type checkers know it)

TO_SYNC = os.O_RDWR  # the flags to open a file that is to be flushed: Windows requires write access
NONBLOCK = 0  # a flag for `os.open`; among the files of Windows there are no FIFOs

_LOCKED_BYTE = 1 << 20  # far behind the content, because others cannot read a locked byte
_PAUSE = 0.1  # seconds between two tries


def open_file(path: Path, flags: int, mode: int = 0o600) -> int:
    """As `os.open`, but not through a symbolic link (one that appears meanwhile is followed)."""
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return os.open(path, flags | os.O_BINARY | os.O_NOINHERIT, mode)


def open_folder(path: Path) -> int | None:
    """None: `os.open` opens no folders. Raises NotADirectoryError for anything else, also a symbolic link."""
    if path.is_symlink() or not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    return None


def sync_folder(folder: Path) -> None:
    """Nothing: Windows has no way to flush a folder."""


def is_ours(_status: os.stat_result) -> bool:
    """True: `os.stat` gives no owner."""
    return True


def is_private(_status: os.stat_result) -> bool:
    """True: `os.stat` gives no access rights."""
    return True


def share_file(descriptor: int, folder: Path) -> None:
    """Nothing: a new file has the access rights of its folder."""


def shared_folder() -> Path | None:
    """None: in the folders of all users, a user cannot write to the files of another."""
    return None


def usual_state_home() -> Path | None:
    """None: platformdirs asks Windows."""
    return None


def try_lock(descriptor: int) -> bool:
    """Lock a file until its descriptor is closed or the process ends; False if another has it."""
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except PermissionError:
        return False
    return True


def unlock(_descriptor: int) -> None:
    """Nothing: the lock ends when the descriptor is closed, and no process is forked."""


def wait_for_lock(descriptor: int) -> None:
    """As `try_lock`, but wait until it is free. Ctrl-C ends the wait."""
    while not try_lock(descriptor):
        time.sleep(_PAUSE)


def disable_core_dumps() -> None:
    """Nothing: Windows has no core files; what its error reporting keeps is the user's choice."""


def certificate_authorities() -> list[bytes]:
    """The trusted certificates (DER) in the system's store."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context.get_ca_certs(binary_form=True)
