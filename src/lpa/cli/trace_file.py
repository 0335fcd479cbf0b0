"""Opens the file of --trace or --record: a new one, or one that is such a trace already."""

from __future__ import annotations

import os
from pathlib import Path

import click

from lpa.host import files
from lpa.rsp.trace import first_line


def open_to_append(path: Path, option: str, *, whole: bool) -> int:
    """A descriptor at the end of the trace `path`, at the beginning of a line. Only its owner can read it.

    Raises a usage error that names `option` if the file is not empty and does not begin as a trace of this
    kind does, or cannot be written.
    """
    try:
        descriptor = files.open_to_append(path)
        try:
            if size := os.fstat(descriptor).st_size:
                _continue(path, descriptor, size, first_line(whole=whole))
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise click.BadParameter(f"cannot write {path}: {error.strerror}.", param_hint=option) from error
    return descriptor


def _continue(path: Path, descriptor: int, size: int, first: str) -> None:
    """Check the first line of an existing file, and end its last one: a killed program may not have."""
    with files.open_to_read(path) as file:
        if file.read(len(first)) != first.encode():
            raise click.UsageError(f"{path} exists already, and does not begin with '{first}'.")
        file.seek(size - 1)
        if file.read(1) != b"\n":
            os.write(descriptor, b"\n")
