"""Pages to print or to send: each one HTML file that needs nothing else, in English or Chinese.

Pure but for `save`: facts in, text out. They stand beside the command line as a face of their own, so that
programs without a terminal can make them too. `particulars.page` and `proofs.page` make them.
"""

from __future__ import annotations

from pathlib import Path

from lpa.errors import StorageFailed
from lpa.host import files


def save(page: str, path: Path) -> None:
    """Write a page to `path`, in place of a file that is there; it is its owner's alone until they share it.

    Raises `StorageFailed` if that cannot be, also if a link or a device is there.
    """
    try:
        files.write(path, page.encode())
    except OSError as error:
        raise StorageFailed(
            f"The page cannot be written to {path}: {error.strerror or error}.",
            advice="Give another FILE, or free some disk space.",
        ) from error
