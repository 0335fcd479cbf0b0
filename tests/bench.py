"""Measure speed and memory against their budgets: `make bench` prints a table and writes `build/bench.json`.

APDUs are counted by a simulated T=0 card. The counts are the same on any machine, so a test checks their
budgets, and those of the seconds with a real line and card, which are computed. Times and memory of this
computer depend on the machine, so they are only reported.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from lpa import Assistant
from lpa.card.files.filesystem import UiccFiles
from lpa.journal import Journal
from lpa.journal.database import Database, Statement
from lpa.notifications.sender import ServerFactory
from lpa.profiles.backup import back_up
from lpa.rsp.names import Iccid
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim import samples
from lpa.sim.contents import SimulatedContact
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing.pcscd import PrivatePcscd, private_pcscd
from tests.support import budgets
from tests.support.downloads import Conversation, Package, profile_elements

DELETES = 100
CONTACTS, MESSAGES = 250, 50
ICON = 1024
LISTED = 44  # bytes of a pending notification in the list of a card
REVIEWED = ((3, 27), (8, 31))  # profiles on the card, and the budget of APDUs for all of `lpa delete`
WAITING = (0, 50, 100)  # pending notifications of earlier deletions


@dataclass(frozen=True)
class Measure:
    """One line of the table. `budget`: the maximum of `value`, or the minimum if it is a rate."""

    name: str
    value: float
    unit: str
    budget: float

    @property
    def kept(self) -> bool:
        """Whether the budget is kept."""
        return self.value >= self.budget if self.unit.startswith("1/") else self.value <= self.budget


def list_apdus() -> Measure:
    """`lpa list` of 8 profiles with icons of 1 kB."""
    card = _card_with_icons(8)
    with Assistant(card) as assistant:
        assert len(assistant.profiles()) == 8
    return Measure("APDUs, list of 8 profiles", card.apdus, "APDU", 11)


def _card_with_icons(number: int) -> SimulatedEuicc:
    profiles = [replace(profile, icon=bytes(ICON)) for profile in samples.profiles(number)]
    return SimulatedEuicc.create(None, profiles=profiles)


def delete_apdus() -> Measure:
    """A deletion with the delivery of its notification, in one card session.

    19 APDUs for the deletion, 2 to list the notifications of the card, of which the new one is then fetched,
    and 2 to read the card's trusted CI keys, which differ from card to card.
    """
    card = SimulatedEuicc.create(None)
    with simulated_servers(card) as (servers, smdp), tempfile.TemporaryDirectory() as folder:
        with Assistant(card, state_dir=Path(folder), servers=servers) as assistant:
            outcome = assistant.delete(assistant.plan_deletion(card.profiles[1].iccid))
        assert not outcome.unacknowledged
        assert not outcome.problem
        assert len(smdp.received) == 1
    assert card.resets == 0
    return Measure("APDUs, delete with delivery", card.apdus, "APDU", 23)


def reviewed_delete_apdus(profiles: int, budget: int) -> Measure:
    """A deletion with the review that the command makes: pending notifications, free memory.

    The card is new to this computer, and its profiles have icons of 1 kB.
    """
    card = _card_with_icons(profiles)
    with (
        simulated_servers(card) as (servers, _),
        tempfile.TemporaryDirectory() as folder,
        Assistant(card, state_dir=Path(folder), servers=servers) as assistant,
    ):
        plan = assistant.review_deletion(assistant.plan_deletion(card.profiles[1].iccid))
        assert not assistant.delete(plan).unacknowledged
    return Measure(f"APDUs, all of delete, 1 of {profiles}", card.apdus, "APDU", budget)


def waiting_delete_apdus(waiting: int) -> Measure:
    """A deletion with delivery while notifications of earlier deletions are pending on the card.

    It may take more APDUs only to list them: one for each 256 bytes, of which one takes at most 44.
    """
    behaviour = Behaviour(notification_capacity=128)
    card = SimulatedEuicc.create(None, profiles=samples.profiles(waiting + 3), behaviour=behaviour)
    with Assistant(card) as assistant:
        for profile in assistant.profiles()[3:]:
            assistant.euicc.delete_profile(profile.iccid)
        listed = assistant.notifications()
    assert len(listed) == waiting
    before = card.apdus
    with simulated_servers(card) as (servers, smdp), tempfile.TemporaryDirectory() as folder:
        with Assistant(card, state_dir=Path(folder), servers=servers) as assistant:
            outcome = assistant.delete(assistant.plan_deletion(card.profiles[1].iccid))
            assert assistant.notifications() == listed
        assert not outcome.unacknowledged
        assert len(smdp.received) == 1
    listing = -(-waiting * LISTED // 256)
    name = f"APDUs, delete with {waiting} pending"
    # 24 as without any; the list is read once in the deletion, and once above.
    return Measure(name, card.apdus - before, "APDU", 24 + 2 + 2 * listing)


def backup_apdus(protocol: Literal["T=0", "T=1"], pin: str | None) -> Measure:
    """The files of a profile with 250 contacts and 50 messages: 300 commands for their records alone."""
    card = _full_card(protocol, pin)
    with tempfile.TemporaryDirectory() as folder:
        iccid = Iccid.parse(card.profiles[0].iccid)
        saved = back_up(UiccFiles(card), iccid, Path(folder) / "saved", pin=pin)
    assert (saved.contacts, saved.messages, saved.problems) == (CONTACTS, MESSAGES, ())
    locked = " with a PIN" if pin else ""
    return Measure(f"APDUs, backup over {protocol}{locked}", card.apdus, "APDU", 330)


def backup_session_apdus() -> Measure:
    """All of `lpa backup`: open the card, find the enabled profile, save it, close the card."""
    card = _full_card("T=0", None)
    with tempfile.TemporaryDirectory() as folder, Assistant(card) as assistant:
        assistant.back_up(Path(folder) / "saved")
    return Measure("APDUs, all of lpa backup", card.apdus, "APDU", 334)


def _full_card(protocol: Literal["T=0", "T=1"], pin: str | None) -> SimulatedEuicc:
    people = tuple(SimulatedContact(f"Contact {n}", (f"+44770090{n:04}",)) for n in range(CONTACTS))
    profile = samples.profiles(1)[0]
    contents = replace(
        profile.contents, contacts=people, messages=profile.contents.messages[-1:] * MESSAGES, pin=pin
    )
    return SimulatedEuicc.create(
        None, profiles=[replace(profile, contents=contents)], behaviour=Behaviour(protocol=protocol)
    )


def deletes_per_second() -> Measure:
    """Complete deletions, each on another card, with the cards and the server in this process."""
    first = SimulatedEuicc.create(None)
    cards = [first] + [SimulatedEuicc.create(None, authority=first.authority) for _ in range(DELETES - 1)]
    with simulated_servers(first) as (servers, smdp), tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        for card in cards:
            with Assistant(card, state_dir=Path(folder), servers=servers) as assistant:
                assistant.delete(assistant.plan_deletion(card.profiles[1].iccid))
        seconds = time.perf_counter() - begin
        assert len(smdp.received) == DELETES
    return Measure("complete deletes", round(DELETES / seconds, 1), "1/s", 200)


class _TimedDatabase(Database):
    """A database that counts its commits and the seconds spent in it."""

    seconds, commits = 0.0, 0

    def __init__(self, folder: Path) -> None:
        begin = time.perf_counter()
        super().__init__(folder)
        self.seconds += time.perf_counter() - begin

    def write(self, *statements: Statement) -> int:
        begin = time.perf_counter()
        number = super().write(*statements)
        self.seconds += time.perf_counter() - begin
        self.commits += 1
        return number

    def write_soft(self, *statements: Statement) -> int:
        begin = time.perf_counter()
        number = super().write_soft(*statements)
        self.seconds += time.perf_counter() - begin
        self.commits += 1
        return number

    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        begin = time.perf_counter()
        rows = super().read(statement, values)
        self.seconds += time.perf_counter() - begin
        return rows

    def close(self) -> None:
        begin = time.perf_counter()
        super().close()
        self.seconds += time.perf_counter() - begin


class _TimedJournal(Journal):
    def _open(self) -> _TimedDatabase:
        self.timed = _TimedDatabase(self._folder)
        return self.timed


class _Yes:
    """A server that acknowledges immediately."""

    def handshake(self) -> None:
        """Succeed."""

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        return {}


def journal_cost(times: int = DELETES) -> Iterator[Measure]:
    """The time that the journal adds to a deletion, from opening to closing it, on the disk of this folder.

    It is the median over the sessions of a growing journal.
    """
    first = SimulatedEuicc.create(None)
    runs = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for _ in range(times):
            card = SimulatedEuicc.create(None, authority=first.authority)
            with Assistant(
                card, state_dir=Path(folder), servers=lambda _address, ci_pkids: _Yes()
            ) as assistant:
                assistant._journal = journal = _TimedJournal(Path(folder))
                assistant._opened.callback(journal.close)
                assert not assistant.delete(assistant.plan_deletion(card.profiles[1].iccid)).unacknowledged
            runs.append((journal.timed.seconds, journal.timed.commits))
    yield Measure("journal of a delete", round(statistics.median(run[0] for run in runs) * 1000, 1), "ms", 30)
    yield Measure("commits of a delete", max(commits for _, commits in runs), "", 8)


def card_rate() -> Measure:
    """How fast the simulated card loads a package of 1 MB, in blocks of 255 bytes."""
    talk = Conversation(SimulatedEuicc.create(None, free_memory=2_000_000))
    talk.prepare()
    elements = profile_elements(filling=1_000_000)
    segments = talk.server.segments(talk.key, Package(elements=elements))
    begin = time.perf_counter()
    assert talk.load(segments)
    seconds = time.perf_counter() - begin
    return Measure("kB that a simulated card takes", round(len(elements) / 1000 / seconds), "1/s", 200)


# The process reports its own peak memory: the value that its parent gets includes the parent's memory.
_LIST = """
import sys, time
from lpa.cli.main import main
try:
    sys.argv = ["lpa", "list"]
    main()
finally:
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(time.process_time(), peak.split()[1], file=sys.stderr)
"""


@contextmanager
def smart_card_service() -> Iterator[PrivatePcscd]:
    """One service for all measurements with a reader: libpcsclite reads its address once per process."""
    with private_pcscd() as service:
        os.environ["PCSCLITE_CSOCK_NAME"] = str(service.socket)
        yield service


def list_process(service: PrivatePcscd) -> Iterator[Measure]:
    """CPU and peak memory of an `lpa list` process with a card in a reader, with its files cached."""
    card = SimulatedEuicc.create(None, profiles=8)
    with service.reader(card):
        runs = [_cpu_and_peak() for _ in range(4)][1:]
    yield Measure("CPU of a list process", round(min(cpu for cpu, _ in runs), 3), "s", 0.35)
    yield Measure("peak memory of a list process", round(runs[0][1], 1), "MiB", 45)


def _cpu_and_peak() -> tuple[float, float]:
    """CPU seconds and peak MiB of one run."""
    ran = subprocess.run([sys.executable, "-c", _LIST], capture_output=True, text=True, check=True)
    assert len(ran.stdout.splitlines()) == 9
    cpu, peak = ran.stderr.split()
    return float(cpu), int(peak) / 1024


@contextmanager
def simulated_servers(card: SimulatedEuicc) -> Iterator[tuple[ServerFactory, SimulatedSmdp]]:
    """A running simulated SM-DP+ for the profiles of `card`, and a factory of connections to it."""
    names = sorted({address for profile in card.profiles for address in profile.addresses("delete")})
    with (
        SimulatedSmdp(card.authority, host=names[0], also=names[1:]) as smdp,
        Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https,
    ):
        yield partial(Server, https=https), smdp


def main() -> None:
    """Measure everything, print the table, write the file."""
    from tests.support import bench_downloads, bench_network, bench_wire  # They import this module.

    with smart_card_service() as service:
        with_reader = [*list_process(service), *bench_downloads.download_process(service)]
    measures: list[Measure | budgets.Measure] = [
        *(list_apdus(), delete_apdus(), *(reviewed_delete_apdus(*of) for of in REVIEWED)),
        *map(waiting_delete_apdus, WAITING),
        *(backup_apdus("T=0", None), backup_apdus("T=0", "1234"), backup_session_apdus()),
        *bench_downloads.download_apdus(),
        *bench_wire.wire_seconds(),
        *bench_network.download_memory("T=0"),
        bench_network.handshake_cpu(),
        *with_reader,
        *journal_cost(),
        deletes_per_second(),
        card_rate(),
    ]
    for measure in measures:
        sign = "at least" if measure.unit.startswith("1/") else "at most"
        verdict = "ok" if measure.kept else "OVER BUDGET"
        print(f"{measure.name:32}{measure.value:>8} {measure.unit:5} {sign} {measure.budget:<6} {verdict}")
    Path("build").mkdir(exist_ok=True)
    Path("build/bench.json").write_text(
        json.dumps([asdict(measure) for measure in measures], indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
