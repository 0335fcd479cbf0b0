"""Sizes in bytes, as people read them."""

from __future__ import annotations

import pytest

from lpa.rsp import sizes


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (3000, "3000 bytes"), (10239, "10239 bytes"), (10240, "10 KiB"), (400_000, "390 KiB")],
)
def test_small_sizes_are_shown_in_bytes_and_large_ones_in_kib(count: int, words: str) -> None:
    assert sizes.in_words(count) == words
