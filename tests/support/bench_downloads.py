"""Measure the commands and the memory of a download, for `tests.bench`.

The minimum of APDUs is what every LPA needs: the channel, and the messages of the download itself, in blocks
of 255 bytes to the card and 256 bytes from it (T=0). A repeated request counts once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lpa import Assistant
from lpa.rsp.activation import ActivationCode
from lpa.rsp.codec.ber import header
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing.pcscd import PrivatePcscd
from tests.bench import Measure, simulated_servers

USUAL, LARGE = 10_600, 1 << 20
_DOWN, _UP = 255, 256
_STORE_DATA, _GET_RESPONSE, _LAST = 0xE2, 0xC0, 0x80
_OTHER = (0xBF3E, 0xBF2D)  # GetEID and GetProfilesInfo do not belong to the download itself
_CHANNEL = 3  # open, select, close


class RecordingCard:
    """A card that records each request, and the number of bytes in its answer."""

    def __init__(self, card: SimulatedEuicc) -> None:
        self._card = card
        self.reset, self.close = card.reset, card.close
        self._requests: list[bytes] = []
        self._answers: list[int] = []
        self._complete = True

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        data, sw = self._card.transmit(apdu)
        if apdu[1] == _STORE_DATA:
            if self._complete:
                self._requests.append(b"")
                self._answers.append(0)
            self._requests[-1] += apdu[5 : 5 + apdu[4]]
            self._complete = bool(apdu[2] & _LAST)
        if apdu[1] in (_STORE_DATA, _GET_RESPONSE) and self._answers:
            self._answers[-1] += len(data)
        return data, sw

    @property
    def minimum(self) -> int:
        """The APDUs that the download itself needs."""
        exchanges = dict(zip(self._requests, self._answers, strict=True)).items()
        own = [(len(down), up) for down, up in exchanges if header(down)[0] not in _OTHER]
        return _CHANNEL + sum(-(-down // _DOWN) + -(-up // _UP) for down, up in own)


def download_apdus() -> Iterator[Measure]:
    """`lpa download` of a usual profile: opening, mutual authentication, package, result; and the minimum."""
    card = SimulatedEuicc.create(None)
    recording = RecordingCard(card)
    with simulated_servers(card) as (servers, smdp), tempfile.TemporaryDirectory() as folder:
        order = smdp.order(packages.sample(size=USUAL), "ABC-1")
        with (
            Assistant(recording, state_dir=Path(folder), servers=servers) as assistant,
            assistant.download(ActivationCode.parse(order.activation_code)) as offer,
        ):
            offer.install()
        assert order.state == "installed"
    yield Measure("APDUs, download of 10.6 kB", card.apdus, "APDU", 79)
    minimum = recording.minimum
    yield Measure(f"  above the minimum of {minimum}", card.apdus - minimum, "APDU", 5)


_DOWNLOAD = """
import sys, time
from lpa.cli.main import main
try:
    main()
finally:
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(time.process_time(), peak.split()[1], file=sys.stderr)
"""


def download_process(service: PrivatePcscd) -> Iterator[Measure]:
    """CPU and peak memory of an `lpa download` process, for a profile of 1 MB, with a card in a reader."""
    card = SimulatedEuicc.create(None, free_memory=4 * LARGE)
    with (
        SimulatedSmdp(card.authority, host="smdp.example") as smdp,
        tempfile.TemporaryDirectory() as folder,
        service.reader(card),
    ):
        card.authority.save(Path(folder))
        order = smdp.order(packages.sample(size=LARGE), "ABC-1")
        options = ("--ca-bundle", f"{folder}/ci.pem", "--connect-to", smdp.connect_to, "--state-dir", folder)
        ran = subprocess.run(
            [sys.executable, "-c", _DOWNLOAD, *options, "--json", "download", order.activation_code, "--yes"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(ran.stdout)["ok"]
        assert order.state == "installed"
    cpu, peak = ran.stderr.split()[-2:]
    yield Measure("CPU of a download process, 1 MB", round(float(cpu), 2), "s", 10)
    yield Measure("peak memory of a 1 MB download", round(int(peak) / 1024, 1), "MiB", 60)
