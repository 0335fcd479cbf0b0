"""Runs lpac, an independent LPA, in the root that .ci/lpac made, with simulated servers and cards.

The names of the servers, and no others, lead to addresses of this computer, and only lpac sees them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import SimulatedSmds

SMDP, SMDS = "smdp.example", "smds.example"
NOTIFIED = ("albion.smdp.example", "nordlicht.smdp.example", "shili.smdp.example")
DISCOVERY = "lpa.ds.gsma.com"  # whom lpac asks if no SM-DS is given
SMDP_ADDRESS, SMDS_ADDRESS = "127.0.0.77", "127.0.0.78"
_HOSTS = (
    f"{SMDP_ADDRESS} {SMDP} {' '.join(NOTIFIED)}\n{SMDS_ADDRESS} {SMDS} {DISCOVERY}\n127.0.0.1 localhost\n"
)
# The OpenSSL of Debian does not offer brainpoolP256r1 for TLS 1.2 by itself.
_GROUPS = """\
openssl_conf = a
[a]
ssl_conf = b
[b]
system_default = c
[c]
Groups = P-256:brainpoolP256r1
"""
_IN_THE_ROOT = """\
mount --bind "$2/hosts" "$1/etc/hosts"
mount --bind "$2/resolv.conf" "$1/etc/resolv.conf"
mount --bind "$2" "$1/mnt"
mount --bind "$3" "$1/run"
root=$1
shift 3
exec chroot "$root" lpac "$@"
"""
_PATIENCE = 300  # seconds that a command may take


@dataclass(frozen=True)
class Ran:
    """What a command did, and what it printed."""

    exit_code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    @property
    def result(self) -> dict[str, Any]:
        """The last line's payload: code (0 is success), message and data. {} if the command printed none."""
        results = [line["payload"] for line in self.lines if line["type"] == "lpa"]
        return results[-1] if results else {}


@dataclass(frozen=True)
class Lpac:
    """The program in `root`. `folder`: an empty one. `run`: the /run of the smart card service.

    `block`: how many bytes it sends to the card at once.
    """

    root: Path
    folder: Path
    run: Path
    block: int

    def __post_init__(self) -> None:
        for name, text in {"hosts": _HOSTS, "resolv.conf": "", "openssl.cnf": _GROUPS}.items():
            (self.folder / name).write_text(text)

    def __call__(self, *words: str, typed: str = "") -> Ran:
        """Run a command. `typed`: its standard input."""
        own = ("sh", "-ec", _IN_THE_ROOT, "sh", str(self.root), str(self.folder), str(self.run))
        ran = subprocess.run(
            ["unshare", "--mount", *own, *words],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "LANG": "C.UTF-8",
                "LPAC_APDU": "pcsc",
                "LPAC_HTTP": "curl",
                "LPAC_CUSTOM_ES10X_MSS": str(self.block),
                "OPENSSL_CONF": "/mnt/openssl.cnf",
            },
            input=typed,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)


def installed_root() -> Path:
    """The root with lpac that .ci/lpac names."""
    return Path(os.environ["LPA_LPAC_ROOT"])


@contextmanager
def servers(card: SimulatedEuicc) -> Iterator[tuple[SimulatedSmdp, SimulatedSmds]]:
    """The servers of `card` at the addresses that lpac finds."""
    with (
        SimulatedSmdp(card.authority, host=SMDP, also=NOTIFIED, address=SMDP_ADDRESS, port=443) as smdp,
        SimulatedSmds(card.authority, host=SMDS, also=(DISCOVERY,), address=SMDS_ADDRESS, port=443) as smds,
    ):
        yield smdp, smds
