"""Measure what servers cost: the memory of a large download, and the CPU of a TLS handshake."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from lpa.rsp.names import ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.server.connect_to import ConnectTo
from lpa.server.https import Https
from lpa.server.known_keys import KnownKeys
from lpa.server.trust import Trust
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.budgets import Measure
from tests.support.tls_faults import CI, HOST, silent, tls_peer

Protocol = Literal["T=0", "T=1"]
_HANDSHAKES = 20

# The process reports its own peak memory: the value that its parent gets includes the parent's memory.
_DOWNLOAD = """
from lpa.cli.main import main
try:
    main()
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def download_memory(protocol: Protocol) -> Iterator[Measure]:
    """Peak memory of `lpa download`, its simulated card included, for a package of 4 MB and one of 0.5 MB."""
    with tempfile.TemporaryDirectory() as folder:
        small = _peak_memory(Path(folder), 500_000, "T=1")
        large = _peak_memory(Path(folder), 4_000_000, protocol)
    yield Measure("network", "peak memory with its card, package of 4 MB", round(large, 1), "MiB")
    yield Measure("network", "more memory for 4 MB than for 0.5", round(large - small, 1), "MiB")


def _peak_memory(folder: Path, size: int, protocol: Protocol) -> float:
    """The peak memory in MiB of a process that downloads a package of this size."""
    card = folder / str(size)
    with SimulatedEuicc.create(card, free_memory=8_000_000, behaviour=Behaviour(protocol=protocol)) as made:
        authority = made.authority
    with SimulatedSmdp(authority, host="smdp.example") as smdp:
        order = smdp.order(packages.sample(size=size), "ABC-1")
        options = ("--reader", f"sim:{card}", "--state-dir", folder / "state", "--ca-bundle", card / "ci.pem")
        way = ("--connect-to", smdp.connect_to)
        line = (*options, *way, "--json", "download", order.activation_code, "--yes")
        ran = subprocess.run(
            [sys.executable, "-c", _DOWNLOAD, *map(str, line)], capture_output=True, text=True, check=True
        )
        assert order.state == "installed"
    document, _, peak = ran.stdout.strip().rpartition("\n")
    assert json.loads(document)["result"]["package_size"] > size
    return int(peak) / 1024


def handshake_cpu() -> Measure:
    """CPU of the client for one TLS handshake and all checks of the server, its issuer's key in a file."""
    issuer = KeyIdentifier(CI.key_identifier)
    with tls_peer(silent) as peer, tempfile.TemporaryDirectory() as folder:
        row = ConnectTo.parse(f"::127.0.0.1:{peer.port}")
        seconds = []
        for _ in range(1 + _HANDSHAKES):
            with Https(Trust.system(), connect_to=[row], known_keys=KnownKeys(Path(folder))) as https:
                assert https._context  # made once in a process
                begin = time.thread_time()
                https.handshake(ServerAddress(HOST), ci_pkids=(issuer,))
                seconds.append(time.thread_time() - begin)
    value = round(statistics.median(seconds[1:]) * 1000, 1)
    return Measure("network", "CPU of a TLS handshake, issuer key known", value, "ms")


def measures() -> Iterator[Measure]:
    """Of all that servers cost."""
    yield from download_memory("T=0")
    yield handshake_cpu()
