"""Pages to print or to send: each one HTML file that needs nothing else, in English or Chinese.

Pure except `save`: values in, text out. They stand beside the command line, so that programs without a
terminal can make them too: with `profile_page.page` and `receipt_page.page`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from lpa.advice.storage import NAME_OTHER_FILE
from lpa.errors import storage_failed
from lpa.host import files

Language = Literal["en", "zh-CN"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def save(page: str, path: Path) -> None:
    """Write a page to `path`, replacing a file; only its owner can read it.

    Raises `StorageFailed` if that fails, also if a link or a device is there.
    """
    try:
        files.write(path, page.encode())
    except OSError as error:
        raise storage_failed(error, f"The page cannot be written to {path}", NAME_OTHER_FILE) from error
