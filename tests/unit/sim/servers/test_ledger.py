"""The file in which a server stores the notifications that it accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa.errors import StorageFailed
from lpa.sim.servers.ledger import Ledger


@pytest.mark.parametrize(
    "content",
    ["precious", "two\nlines", '{\n "version": 1\n}', '{"received": 1}\n{"other', "complete\n"],
    ids=["line", "lines", "JSON", "other JSON", "complete"],
)
def test_another_file_is_refused_and_stays_as_it_is(tmp_path: Path, content: str) -> None:
    file = tmp_path / "notes"
    file.write_text(content)
    with pytest.raises(StorageFailed, match="is not a list of notifications"):
        Ledger(file)
    assert file.read_text() == content


def test_the_beginning_of_a_line_is_dropped(tmp_path: Path) -> None:
    """A power cut left it; its notification was not acknowledged."""
    file = tmp_path / "store"
    for beginning in ("{", '{"received": "2026-03-14T12:00'):
        file.write_text(beginning)
        assert Ledger(file).received == ()
        assert file.read_text() == ""


def test_a_device_is_no_store() -> None:
    with pytest.raises(StorageFailed, match="Cannot read /dev/null: it is not a regular file"):
        Ledger(Path("/dev/null"))
