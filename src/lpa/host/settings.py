"""What the environment says where the caller does not: the same variables in Python as in the shell."""

from __future__ import annotations

import os
from pathlib import Path


def reader(name: str | None = None) -> str | None:
    """The reader to use: `name`, or `LPA_READER`; None if neither names one."""
    return name or os.environ.get("LPA_READER") or None


def state_dir(folder: Path | None = None) -> Path:
    """Where receipts and journal are: `folder`, `LPA_STATE_DIR`, or the user's state folder of the system."""
    if folder is not None:
        return folder
    named = os.environ.get("LPA_STATE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_state_path  # Here and not above: few need it.

    return user_state_path("lpa", appauthor=False)
