"""`lpa lpac` with a new card with three profiles, and its server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.download_parties import made
from tests.support.lpac_shim import Shim


@pytest.fixture
def lpac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shim]:
    for parties in made(tmp_path):
        yield Shim(parties, monkeypatch)
