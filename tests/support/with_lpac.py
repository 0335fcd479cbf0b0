"""Try the simulated card and servers with lpac, an independent LPA.

Run it as `python -m tests.support.with_lpac FILE`.

It needs root, for its own smart card service, and for the servers' names and port 443, which only lpac sees.
It prints what is not as expected, and then ends with exit code 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lpa.sim.crypto.pki import CurveName
from lpa.sim.euicc import vpcd
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import SimulatedSmds
from lpa.testing.pcscd import PrivatePcscd, VirtualReader, private_pcscd

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")
CARDS = {  # by the size of the blocks; lpac loses count of an APDU that has more than 255 bytes in all
    250: Behaviour(),
    120: Behaviour(block_size=120),
    60: Behaviour(block_size=60, announces_terminal_capability=True, channels=1),
}
NAMES = "albion.smdp.example nordlicht.smdp.example sakura.smdp.example"
HOSTS = f"127.0.0.77 smdp.example {NAMES}\n127.0.0.78 smds.example\n127.0.0.1 localhost\n"
GROUPS = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nGroups = P-256:brainpoolP256r1\n"
FIRST = "8944994000000000993"


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")


@dataclass
class Lpac:
    """Runs the program with its own names and settings, and counts what is not as expected."""

    program: str
    folder: Path
    block: int
    unexpected: int = 0

    def __call__(self, *words: str, refused: bool = False) -> Any:
        settings = {"LPAC_APDU": "pcsc", "LPAC_HTTP": "curl", "LPAC_CUSTOM_ES10X_MSS": str(self.block)}
        settings["OPENSSL_CONF"] = str(self.folder / "openssl.cnf")
        script = f'mount --bind {self.folder}/hosts /etc/hosts && exec "$@"'
        ran = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", self.program, *words],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        payloads = [json.loads(line)["payload"] for line in ran.stdout.splitlines() if line.startswith("{")]
        last = payloads[-1] if payloads else {"code": None, "message": ran.stderr, "data": None}
        if (last["code"] == 0) == refused:
            self.unexpected += 1
            say(f"unexpected: {' '.join(words)}: {last}")
        return last["data"]

    def expect(self, what: str, holds: bool) -> None:
        """Count it if something is not true afterwards."""
        if not holds:
            self.unexpected += 1
            say(f"unexpected: not so that {what}")


def life(lpac: Lpac, card: SimulatedEuicc, smdp: SimulatedSmdp, smds: SimulatedSmds) -> None:
    """Run every function of lpac with a card and its servers."""
    lpac("chip", "info")
    lpac.expect("three profiles are listed", len(lpac("profile", "list")) == 3)
    downloads(lpac, card, smdp)
    smds.register(card.eid, "smdp.example", "EVENT-1")
    lpac.expect("the event is found", lpac("profile", "discovery", "-s", "smds.example") == ["smdp.example"])
    lpac("profile", "nickname", FIRST, "Hölzern")
    lpac("profile", "enable", FIRST)
    lpac("profile", "disable", FIRST, "0")
    lpac("profile", "delete", FIRST)
    lpac("notification", "process", "-a", "-r")
    lpac.expect("no notification is left", lpac("notification", "list") == [])
    lpac.expect("the server received it", [item.event for item in smdp.received][-1:] == ["delete"])
    lpac("chip", "purge", "yes")
    lpac.expect("no profile is left", card.profiles == ())


def downloads(lpac: Lpac, card: SimulatedEuicc, smdp: SimulatedSmdp) -> None:
    """Downloads that succeed, and downloads that are refused."""
    smdp.order(packages.sample(FIRST), "ABC-9")
    lpac("profile", "download", "-a", "LPA:1$smdp.example$ABC-9")
    smdp.order(packages.sample("8944994000000000985", size=10_600), "CODE", confirmation_code="1234")
    code = ("profile", "download", "-s", "smdp.example", "-m", "CODE", "-i", "353490069873319", "-c")
    lpac(*code, "9999", refused=True)
    lpac(*code, "1234")
    smdp.order(packages.sample("8944994000000000977"))
    lpac("chip", "defaultsmdp", "smdp.example")
    lpac("profile", "download")
    smdp.order(packages.sample("8944994000000000969", policy_rules=("ppr2",)), "RULE")
    smdp.order(packages.sample("8944994000000000951", size=200_000), "LARGE")
    for name in ("RULE", "LARGE"):
        lpac("profile", "download", "-s", "smdp.example", "-m", name)
    smdp.order(packages.sample("8944994000000000969"), "TWICE")
    smdp.order(packages.sample(), "LATE", expires=datetime(2020, 1, 1, tzinfo=UTC))
    smdp.order(packages.sample(), "FOREIGN", eid="89999999000000000000000000000122")
    smdp.order(packages.sample(size=2_000_000), "TOO-LARGE")
    for name in ("TWICE", "LATE", "FOREIGN", "TOO-LARGE", "UNKNOWN"):
        lpac("profile", "download", "-s", "smdp.example", "-m", name, refused=True)
    lpac.expect("five profiles came", len(card.profiles) == 8)


@contextmanager
def servers(card: SimulatedEuicc) -> Iterator[tuple[SimulatedSmdp, SimulatedSmds]]:
    """The servers at the addresses in `HOSTS`."""
    also = NAMES.split()
    with (
        SimulatedSmdp(card.authority, host="smdp.example", also=also, address="127.0.0.77", port=443) as smdp,
        SimulatedSmds(card.authority, host="smds.example", address="127.0.0.78", port=443) as smds,
    ):
        yield smdp, smds


def tried(program: str, folder: Path, service: PrivatePcscd) -> int:
    """How often something was not as expected."""
    unexpected = 0
    for curve in CURVES:
        for block, behaviour in CARDS.items():
            card = SimulatedEuicc.create(None, curve=curve, behaviour=behaviour)
            lpac = Lpac(program, folder, block)

            def be(port: int, pulled: Any, card: SimulatedEuicc = card) -> None:
                vpcd.serve(card, "127.0.0.1", port, stop=pulled)

            with servers(card) as (smdp, smds), VirtualReader(service, 0, be):
                life(lpac, card, smdp, smds)
            say(f"{curve}, blocks of {block} bytes: {lpac.unexpected} unexpected, {card.apdus} APDUs")
            unexpected += lpac.unexpected
    return unexpected


def main() -> int:
    """0 if everything was as expected."""
    with tempfile.TemporaryDirectory() as name, private_pcscd() as service:
        folder = Path(name)
        (folder / "hosts").write_text(HOSTS)
        (folder / "openssl.cnf").write_text(GROUPS)
        os.environ["PCSCLITE_CSOCK_NAME"] = str(service.socket)
        return 1 if tried(sys.argv[1], folder, service) else 0


if __name__ == "__main__":
    sys.exit(main())
