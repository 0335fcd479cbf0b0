"""The commands whose APDUs have a budget, each run on a new card in a real PC/SC reader."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lpa import Assistant
from lpa.rsp.names import Iccid
from lpa.sim import samples
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.wire.wire import Wire, WireAccount
from lpa.testing.pcscd import PrivatePcscd
from lpa.testing.simulated_lpa import smdp_for
from tests.support import command
from tests.support.budgets import Measure
from tests.support.counted import CountedCard, Exchange, download_floor

TABLE = "apdus"
ICON = 1024  # bytes
USUAL = 10_600  # bytes of a profile
MEMORY = 8 << 20  # bytes of the card for further profiles
DOWNLOAD = "download of 10.6 kB"
TWO_READERS = "finding the card, two readers"

Words = Callable[[SimulatedEuicc, SimulatedSmdp], Sequence[str]]


@dataclass(frozen=True)
class Budgeted:
    """A command: its words, and the card that it is run on. `pending`: notifications that nobody has sent."""

    words: Words
    profiles: int = 3
    pending: int = 0


def _delete(card: SimulatedEuicc, _smdp: SimulatedSmdp) -> Sequence[str]:
    return ["delete", card.profiles[1].iccid, "--yes"]


def download(size: int) -> Budgeted:
    """Download a profile of so many bytes."""

    def words(_card: SimulatedEuicc, smdp: SimulatedSmdp) -> Sequence[str]:
        order = smdp.order(packages.sample(size=size), "ABC-1")
        return ["download", order.activation_code, "--yes"]

    return Budgeted(words)


COMMANDS: dict[str, Budgeted] = {
    "list, 3 profiles": Budgeted(lambda _card, _smdp: ["list"]),
    "list, 8 profiles": Budgeted(lambda _card, _smdp: ["list"], profiles=8),
    "info": Budgeted(lambda _card, _smdp: ["info"]),
    "show, the enabled profile": Budgeted(lambda card, _smdp: ["show", card.profiles[0].iccid[-4:]]),
    "notifications list, none pending": Budgeted(lambda _card, _smdp: ["notifications", "list"]),
    "delete --plan, 3 profiles": Budgeted(lambda card, _smdp: ["delete", card.profiles[1].iccid, "--plan"]),
    "delete --yes, 3 profiles": Budgeted(_delete),
    "delete --yes, 8 profiles": Budgeted(_delete, profiles=8),
    "delete --yes, 50 pending": Budgeted(_delete, pending=50),
    "enable": Budgeted(lambda card, _smdp: ["enable", card.profiles[1].iccid]),
    "disable": Budgeted(lambda card, _smdp: ["disable", card.profiles[0].iccid]),
    "rename": Budgeted(lambda card, _smdp: ["rename", card.profiles[0].iccid, "New name"]),
    DOWNLOAD: download(USUAL),
}


@dataclass(frozen=True)
class Counted:
    """What a command asked the card, what it took on the line, and how it ended."""

    name: str
    exchanges: tuple[Exchange, ...]
    wire: WireAccount
    ran: command.Ran

    @property
    def measure(self) -> Measure:
        """The number of APDUs; for a download, of those that not every LPA needs."""
        if self.name != DOWNLOAD:
            return Measure(TABLE, self.name, len(self.exchanges), "APDU")
        least = download_floor(self.exchanges)
        return Measure(TABLE, f"{DOWNLOAD}, above its floor", len(self.exchanges) - least, "APDU")

    @property
    def size(self) -> int:
        """The bytes on the line."""
        return self.wire.bytes_to_card + self.wire.bytes_from_card


Run = Callable[..., command.Ran]


def counted(
    name: str,
    service: PrivatePcscd,
    budgeted: Budgeted | None = None,
    *,
    run: Run = command.run,
    wire: Wire | None = None,
    named: bool = False,
) -> Counted:
    """Run a command, with its card in the first of two readers of `service`. `named`: name the reader."""
    budgeted = budgeted or COMMANDS[name]
    with _ready(budgeted.profiles, budgeted.pending) as (card, smdp, options):
        inserted = CountedCard(card)
        words = budgeted.words(card, smdp)
        with service.reader(inserted) as reader:
            inserted.exchanges.clear()
            card.wire = wire or Wire()
            ran = run(*options, *(("--reader", reader.name) if named else ()), *words)
            exchanges = tuple(inserted.exchanges)
        return Counted(name, exchanges, card.wire.account, ran)


def extra_for_finding(service: PrivatePcscd) -> Measure:
    """The APDUs that it takes to find the card in one of two readers, beside those of a list."""
    found, given = (counted("list, 3 profiles", service, named=named) for named in (False, True))
    return Measure(TABLE, TWO_READERS, len(found.exchanges) - len(given.exchanges), "APDU")


# The process reports its own CPU and peak memory: what its parent gets includes the parent's memory.
_MEASURED = """
import sys, time
from lpa.cli.main import main
try:
    main()
finally:
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(time.process_time(), peak.split()[1], file=sys.stderr)
"""


def run_measured(*words: str) -> command.Ran:
    """Run `lpa` in a process of its own, whose last two words on stderr are CPU seconds and peak KiB."""
    ran = subprocess.run(
        [sys.executable, "-c", _MEASURED, *map(str, words)], capture_output=True, text=True, check=False
    )
    return command.Ran(ran.returncode, ran.stdout, ran.stderr)


def cpu_and_peak(ran: command.Ran) -> tuple[float, float]:
    """CPU milliseconds and peak MiB of a `run_measured`."""
    cpu, peak = ran.err.split()[-2:]
    return float(cpu) * 1000, int(peak) / 1024


@contextmanager
def _ready(profiles: int, pending: int) -> Iterator[tuple[SimulatedEuicc, SimulatedSmdp, Sequence[str]]]:
    """A card with so many profiles and pending notifications, its server, and the options that lead there."""
    card = card_with(profiles, pending)
    with smdp_for(card) as smdp, tempfile.TemporaryDirectory() as folder:
        card.authority.save(Path(folder))
        trust = ("--ca-bundle", f"{folder}/ci.pem", "--connect-to", smdp.connect_to)
        yield card, smdp, (*trust, "--state-dir", f"{folder}/state")


def card_with(profiles: int, pending: int = 0) -> SimulatedEuicc:
    """A T=0 card whose profiles have icons. `pending`: notifications of deletions that nobody has sent."""
    made = [replace(profile, icon=bytes(ICON)) for profile in samples.profiles(profiles + pending)]
    behaviour = Behaviour(notification_capacity=pending + 8)
    card = SimulatedEuicc.create(None, profiles=made, behaviour=behaviour, free_memory=MEMORY)
    if pending:
        with Assistant(card) as assistant:
            for profile in made[profiles:]:
                assistant.euicc.delete_profile(Iccid.parse(profile.iccid))
    return card
