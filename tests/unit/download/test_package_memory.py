"""A package of 4 MB is installed, in a process that needs no more memory than for a small one."""

from __future__ import annotations

import pytest

from tests.support.bench_network import Protocol, download_memory
from tests.support.sweeps import sample

_PROTOCOLS: tuple[Protocol, ...] = ("T=0", "T=1")


@pytest.mark.parametrize("protocol", sample(_PROTOCOLS, 2))
def test_a_package_of_4_mb_takes_no_more_memory_than_one_of_500_kb(protocol: Protocol) -> None:
    for measure in download_memory(protocol):
        assert measure.kept, measure
