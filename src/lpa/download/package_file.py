"""A bound profile package on this computer's disk, while it is received, checked and sent to the card.

It may have megabytes, so it is never held in memory. Its file is private and has no name: it is gone when the
download ends, also with a process that is killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path

from lpa.advice.storage import OTHER_STATE_DIR
from lpa.errors import storage_failed
from lpa.host import files
from lpa.rsp import bpp, steps

PACKAGE_FUNCTION = "GetBoundProfilePackage"
_AT_ONCE = 1 << 16  # bytes read at once


class PackageFile:
    """A package in a file: first written, then read by slices. Get one from `package_file`.

    Every method raises `StorageFailed` if the disk fails.
    """

    def __init__(self, file: RawIOBase, folder: Path) -> None:
        self._file = file
        self._reader = BufferedReader(file, _AT_ONCE)
        self._folder = folder
        self._size = self._announced = 0
        self._beginning = b""

    def write(self, content: bytes) -> None:
        """Append `content`, which has just been received. Nothing was read before."""
        rest = memoryview(content)
        with _not_kept(self._folder):
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        self._size += len(content)
        if not self._announced:
            self._beginning += content[: bpp.HEADER_BYTES]
            self._announced = bpp.announced_size(self._beginning)
        steps.report(PACKAGE_FUNCTION, self._size, max(self._size, self._announced) if self._announced else 0)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: slice) -> bytes:
        start, stop, _ = place.indices(self._size)
        try:
            self._reader.seek(start)
            return self._reader.read(max(stop - start, 0))
        except OSError as error:
            raise storage_failed(
                error, "The profile package cannot be read again", OTHER_STATE_DIR
            ) from error


@contextmanager
def package_file(folder: Path) -> Iterator[PackageFile]:
    """An empty package in the private folder `folder`, until the block ends. Raises `StorageFailed`."""
    with ExitStack() as opened:
        with _not_kept(folder):
            files.make_folder(folder)
            file = opened.enter_context(files.unnamed(folder))
        yield PackageFile(file, folder)


@contextmanager
def _not_kept(folder: Path) -> Iterator[None]:
    """Turn errors of the disk into `StorageFailed`. It happens before anything is sent to the card."""
    try:
        yield
    except OSError as error:
        failed = storage_failed(error, f"The profile package cannot be kept in {folder}", OTHER_STATE_DIR)
        failed.add("Nothing was installed.")
        raise failed from error
