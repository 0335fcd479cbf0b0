"""Settings from environment variables, for what the caller leaves open: for Python and for the command."""

from __future__ import annotations

import os
from pathlib import Path

from lpa.host import system


def reader(name: str | None = None) -> str | None:
    """The reader to use: `name`, or `LPA_READER`; None if neither names one."""
    return name or os.environ.get("LPA_READER") or None


def state_dir(folder: Path | None = None) -> Path:
    """The folder of the journal and the receipts: `folder`, `LPA_STATE_DIR`, or the user's state folder."""
    if folder is not None:
        return Path(folder)
    named = os.environ.get("LPA_STATE_DIR")
    if named:
        return Path(named)
    if usual := system.usual_state_home():
        return usual / "lpa"
    from platformdirs import user_state_path  # Here and not above: it takes as long as reading a card.

    return user_state_path("lpa", appauthor=False)
