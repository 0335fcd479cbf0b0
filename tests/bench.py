"""Measure lpa against its budgets: `make bench` prints each measure and writes `build/bench.json`.

For each command: its APDUs in their order, bytes, computed seconds with three lines, CPU and peak memory.
Then what has no reader, and how the counts grow. Counts are the same on any machine, and tests check them.
Times and memory of this computer are only reported. The budgets are in tests/budgets.toml.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import Literal

from lpa import Assistant
from lpa.card.files.filesystem import UiccFiles
from lpa.journal import Journal
from lpa.journal.database import Database, Statement
from lpa.profiles.backup import back_up
from lpa.rsp.names import Iccid
from lpa.sim import samples
from lpa.sim.contents import SimulatedContact
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing.pcscd import PrivatePcscd, private_pcscd
from tests.support import bench_commands, bench_journal, bench_network, budgeted_commands, instructions
from tests.support.budgets import Measure
from tests.support.downloads import Conversation, Package, profile_elements
from tests.support.notified_servers import Servers, simulated_servers

DELETES = 100
CONTACTS, MESSAGES = 250, 50
LISTED = 44  # bytes of a pending notification in the list of a card
WAITING = (0, 50, 100)  # pending notifications of earlier deletions


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
    # The list is read once in the deletion, and once above.
    listing = 2 + -(-waiting * LISTED // 256)
    return Measure(
        "apdus-without-a-reader", f"delete, {waiting} pending", card.apdus - before - listing, "APDU"
    )


def backup_apdus(protocol: Literal["T=0", "T=1"], pin: str | None) -> Measure:
    """The files of a profile with 250 contacts and 50 messages: 300 commands for their records alone."""
    card = _full_card(protocol, pin)
    with tempfile.TemporaryDirectory() as folder:
        iccid = Iccid.parse(card.profiles[0].iccid)
        saved = back_up(UiccFiles(card), iccid, Path(folder) / "saved", pin=pin)
    assert (saved.contacts, saved.messages, saved.problems) == (CONTACTS, MESSAGES, ())
    name = f"backup of 300 records over {protocol}{' with a PIN' if pin else ''}"
    return Measure("apdus-without-a-reader", name, card.apdus, "APDU")


def backup_session_apdus() -> Measure:
    """All of `lpa backup`: open the card, find the enabled profile, save it, close the card."""
    card = _full_card("T=0", None)
    with tempfile.TemporaryDirectory() as folder, Assistant(card) as assistant:
        assistant.back_up(Path(folder) / "saved")
    return Measure("apdus-without-a-reader", "backup of 300 records, whole session", card.apdus, "APDU")


def backup_growth() -> Iterator[str]:
    """A line for each number of contacts."""
    for contacts in (10, 100, 250, 1000):
        card = _full_card("T=0", None, contacts)
        with tempfile.TemporaryDirectory() as folder, Assistant(card) as assistant:
            assistant.back_up(Path(folder) / "saved")
        yield f"{'backup, contacts':30}{contacts:>9}{card.apdus:7} APDU"


def _full_card(protocol: Literal["T=0", "T=1"], pin: str | None, contacts: int = CONTACTS) -> SimulatedEuicc:
    people = tuple(SimulatedContact(f"Contact {n}", (f"+44770090{n:04}",)) for n in range(contacts))
    profile = samples.profiles(1)[0]
    contents = replace(
        profile.contents, contacts=people, messages=profile.contents.messages[-1:] * MESSAGES, pin=pin
    )
    return SimulatedEuicc.create(
        None, profiles=[replace(profile, contents=contents)], behaviour=Behaviour(protocol=protocol)
    )


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


def journal_cost(times: int = DELETES) -> Iterator[Measure]:
    """The time that the journal adds to a deletion, from opening to closing it, on the disk of this folder.

    It is the median over the sessions of a growing journal.
    """
    first = SimulatedEuicc.create(None)
    runs = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for _ in range(times):
            card = SimulatedEuicc.create(None, authority=first.authority)
            with Assistant(card, state_dir=Path(folder), servers=Servers()) as assistant:
                assistant._journal = journal = _TimedJournal(Path(folder))
                assistant._opened.callback(journal.close)
                assert not assistant.delete(assistant.plan_deletion(card.profiles[1].iccid)).unacknowledged
            runs.append((journal.timed.seconds, journal.timed.commits))
    spent = statistics.median(run[0] for run in runs)
    yield Measure("ms", "journal of a delete", round(spent * 1000, 1), "ms")
    yield Measure("commits", "delete", max(commits for _, commits in runs), "commits")


def card_rate() -> Measure:
    """How fast the simulated card loads a package of 1 MB, in blocks of 255 bytes."""
    talk = Conversation(SimulatedEuicc.create(None, free_memory=2_000_000))
    talk.prepare()
    elements = profile_elements(filling=1_000_000)
    segments = talk.server.segments(talk.key, Package(elements=elements))
    begin = time.perf_counter()
    assert talk.load(segments)
    seconds = time.perf_counter() - begin
    rate = round(len(elements) / 1000 / seconds)
    return Measure("per-second-at-least", "kB that a simulated card takes", rate, "kB/s")


@contextmanager
def smart_card_service() -> Iterator[PrivatePcscd]:
    """One service for all measurements with a reader: libpcsclite reads its address once per process."""
    with private_pcscd() as service:
        os.environ["PCSCLITE_CSOCK_NAME"] = str(service.socket)
        yield service


def main() -> None:
    """Measure everything, print it, write the file."""
    with smart_card_service() as service:
        measures = [*bench_commands.measures(service, print), budgeted_commands.extra_for_finding(service)]
        grown = [*bench_commands.growth(service), *backup_growth(), *bench_journal.growth()]
    measures += [
        *map(waiting_delete_apdus, WAITING),
        *(backup_apdus(protocol, pin) for protocol in ("T=0", "T=1") for pin in (None, "1234")),
        backup_session_apdus(),
        *bench_network.measures(),
        *bench_journal.measures(),
        *instructions.measures(),
        *journal_cost(),
        card_rate(),
    ]
    for table, of_table in groupby(sorted(measures, key=lambda one: one.table), lambda one: one.table):
        print(f"\n[{table}]", *of_table, sep="\n")
    print("\nGrowth", *grown, sep="\n")
    Path("build").mkdir(exist_ok=True)
    rows = [asdict(one) | {"budget": one.budget, "kept": one.kept} for one in measures]
    Path("build/bench.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
