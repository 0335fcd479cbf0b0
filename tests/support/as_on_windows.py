"""What of Windows can be had on Linux: its name, the lack of POSIX's modules, and locks on bytes.

`msvcrt` is a module of ours that does with Linux's locks what the documentation of the real one says, and the
system's store of certificates is empty. So the tests show that the package works without POSIX's modules and
with such locks. They are not tests on Windows.
"""

from __future__ import annotations

import errno
import fcntl
import importlib
import os
import pkgutil
import ssl
import struct
import sys
from types import ModuleType

import pytest

POSIX_ONLY = ("fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")


class Msvcrt(ModuleType):
    """Its `locking`: an open file has the lock, whatever process it is in, until it is closed."""

    LK_NBLCK = 2

    @staticmethod
    def locking(descriptor: int, mode: int, size: int) -> None:
        assert mode == Msvcrt.LK_NBLCK
        start = os.lseek(descriptor, 0, os.SEEK_CUR)
        lock = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, start, size, 0)  # struct flock, 64 bit
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, lock)
        except BlockingIOError as error:
            raise PermissionError(errno.EACCES, "Permission denied") from error


def load_windows(patch: pytest.MonkeyPatch) -> ModuleType:
    """The module `lpa.host.windows`, in a process that goes on to be one on Linux."""
    with patch.context() as brief:
        brief.setattr(sys, "platform", "win32")
        brief.setitem(sys.modules, "msvcrt", Msvcrt("msvcrt"))
        windows = importlib.import_module("lpa.host.windows")
    for name in ("O_BINARY", "O_NOINHERIT"):
        patch.setattr(os, name, 0, raising=False)
    return windows


def become_windows() -> list[ModuleType]:
    """Have this process look like one on Windows, to lpa alone, and import all of lpa: its modules.

    The standard library and the packages that lpa uses are imported before, for the system that this is.
    """
    import_all()
    for name in [name for name in sys.modules if name.partition(".")[0] == "lpa"]:
        del sys.modules[name]
    patch = pytest.MonkeyPatch()
    for name in POSIX_ONLY:
        patch.setitem(sys.modules, name, None)
    patch.setitem(sys.modules, "msvcrt", Msvcrt("msvcrt"))
    patch.setattr(sys, "platform", "win32")
    patch.setattr(ssl, "enum_certificates", lambda _store: [], raising=False)
    for name in ("O_BINARY", "O_NOINHERIT"):
        patch.setattr(os, name, 0, raising=False)
    return import_all()


def import_all() -> list[ModuleType]:
    """All modules of lpa for this system."""
    lpa = importlib.import_module("lpa")
    others = ("lpa.__main__", "lpa.host.posix" if sys.platform == "win32" else "lpa.host.windows")
    names = [found.name for found in pkgutil.walk_packages(lpa.__path__, "lpa.")]
    return [importlib.import_module(name) for name in names if name not in others]
