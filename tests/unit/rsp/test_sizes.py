"""How sizes are told."""

from __future__ import annotations

import pytest

from lpa.rsp import sizes


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (3000, "3000 bytes"), (10239, "10239 bytes"), (10240, "10 KiB"), (400_000, "390 KiB")],
)
def test_few_bytes_are_told_one_by_one_and_many_in_kib(count: int, words: str) -> None:
    assert sizes.in_words(count) == words
