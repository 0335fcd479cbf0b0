"""What the documents show is what the commands print."""

from pathlib import Path

import pytest

from tests import documented


@pytest.mark.parametrize("document", documented.DOCUMENTS, ids=lambda path: path.name)
def test_a_document_shows_what_the_commands_print(document: Path) -> None:
    assert documented.replayed(document) == document.read_text()
