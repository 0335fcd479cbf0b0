"""A package of 4 MB is installed, in a process that needs no more memory than for a small one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.budgets import Measure
from tests.support.sweeps import sample

_DOWNLOAD = """
from lpa.cli.main import main
try:
    main()
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
_PROTOCOLS: tuple[Literal["T=0", "T=1"], ...] = ("T=0", "T=1")


def _peak_memory(folder: Path, size: int, protocol: Literal["T=0", "T=1"]) -> float:
    """The peak memory in MiB of a process that downloads a package of this size; its card is in it."""
    card = folder / f"{size}-{protocol}"
    with SimulatedEuicc.create(card, free_memory=8_000_000, behaviour=Behaviour(protocol=protocol)) as made:
        authority = made.authority
    with SimulatedSmdp(authority, host="smdp.example") as smdp:
        order = smdp.order(packages.sample(size=size), "ABC-1")
        options = (
            "--reader",
            f"sim:{card}",
            "--state-dir",
            folder / "state",
            "--connect-to",
            smdp.connect_to,
        )
        line = (
            *options,
            "--ca-bundle",
            card / "ci.pem",
            "--json",
            "download",
            order.activation_code,
            "--yes",
        )
        ran = subprocess.run(
            [sys.executable, "-c", _DOWNLOAD, *map(str, line)], capture_output=True, text=True, check=True
        )
        assert order.state == "installed"
    document, _, peak = ran.stdout.strip().rpartition("\n")
    assert json.loads(document)["result"]["package_size"] > size
    return int(peak) / 1024


@pytest.mark.parametrize("protocol", sample(_PROTOCOLS, 2))
def test_a_package_of_4_mb_takes_no_more_memory_than_one_of_500_kb(
    tmp_path: Path, protocol: Literal["T=0", "T=1"]
) -> None:
    small = _peak_memory(tmp_path, 500_000, "T=1")
    large = _peak_memory(tmp_path, 4_000_000, protocol)
    for measure in (
        Measure("network", "peak memory, package of 4 MB", large, "MiB"),
        Measure("network", "more memory for 4 MB than for 0.5", large - small, "MiB"),
    ):
        assert measure.kept, measure
