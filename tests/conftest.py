"""A simulated card and server with an assistant between them; a test can disturb the card."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import coverage
import pytest

from lpa import Assistant, redaction
from lpa.notifications.sender import ServerFactory
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.logged import Capture, violations
from tests.support.states import check_transitions

_CAPTURE = pytest.StashKey[Capture]()

# What `make check` leaves to `make test`, by folder or file: sweeps, many processes, other programs.
_SLOW = (
    "tests/docs/test_documents.py",  # runs all commands of all documents
    "tests/docs/test_examples.py",
    "tests/docs/test_service.py",
    "tests/fuzz",
    "tests/killed",
    "tests/others",
    "tests/pcsc",
    "tests/release",
    "tests/unit/aio/test_cancelled.py",
    "tests/unit/aio/test_many_tasks.py",
    "tests/unit/cli/commands/test_backup.py",
    "tests/unit/cli/commands/test_delete.py",
    "tests/unit/cli/commands/test_download.py",
    "tests/unit/cli/commands/test_download_stops.py",
    "tests/unit/cli/commands/test_switch.py",
    "tests/unit/cli/test_consent.py",
    "tests/unit/cli/test_faults_screen.py",
    "tests/unit/cli/test_interrupted.py",
    "tests/unit/cli/test_interrupted_later.py",
    "tests/unit/cli/test_system_errors.py",
    "tests/unit/cli/test_waiting.py",
    "tests/unit/download/test_download_faults.py",
    "tests/unit/download/test_download_stops.py",
    "tests/unit/download/test_package_memory.py",
    "tests/unit/journal/test_journal_budgets.py",
    "tests/unit/notifications/test_faults_card.py",
    "tests/unit/notifications/test_many.py",
    "tests/unit/pages/test_pages_in_a_browser.py",
    "tests/unit/profiles/test_backup_killed.py",
    "tests/unit/rsp/pki/test_chain.py",
    "tests/unit/test_full_disk.py",
    "tests/unit/test_hostile_texts.py",
    "tests/unit/testing/test_documented_wire.py",
    "tests/unit/testing/test_pcscd.py",
    "tests/unit/testing/test_pytest_plugin.py",
)

# Programs of other people: `make others`, whose scripts install them and set this variable.
collect_ignore = [] if "LPA_OTHERS" in os.environ else ["others"]


def pytest_configure(config: pytest.Config) -> None:
    """Capture all logs, and keep locks and state in folders of this run.

    So no other process waits for its cards, and the state folder of whoever runs the tests stays as it is.
    """
    config.stash[_CAPTURE] = Capture()
    os.environ["LPA_LOCK_DIR"] = tempfile.mkdtemp(prefix="lpa-locks-")
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="lpa-state-")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell; programs inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        _leave_children_unmeasured()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow ones, and run them first: at the end no core waits long for the others."""
    for item in items:
        if item.nodeid.startswith(_SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Do not measure slow tests: they run the lines of the others a thousand times, in twice the time."""
    measuring = coverage.Coverage.current() if item.get_closest_marker("slow") else None
    if measuring:
        measuring.stop()
    yield
    if measuring:
        measuring.start()
        _leave_children_unmeasured()  # `start` has set the variable again.


def _leave_children_unmeasured() -> None:
    """To measure the commands that tests start would double their time."""
    for name in [name for name in os.environ if name.startswith("COVERAGE")]:
        del os.environ[name]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the whole run if any test logged what may never be logged."""
    capture = session.config.stash[_CAPTURE]
    capture.close()
    for name in ("LPA_LOCK_DIR", "XDG_STATE_HOME"):
        shutil.rmtree(os.environ[name], ignore_errors=True)
    if hasattr(session.config, "workerinput"):  # one of several processes: the first one checks all logs
        return
    found = list(violations(capture.lines()))
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nLogged, and may not be:", *found[:20], sep="\n")  # noqa: T201  (pytest's report is over)
    else:
        shutil.rmtree(capture.folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins without registered secrets: "1234" is a code in one, and a size in another."""
    monkeypatch.setattr(redaction, "_known", deque(maxlen=redaction._known.maxlen))


@pytest.fixture
def states_by_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only transitions in the journal's table of states are allowed."""
    check_transitions(monkeypatch)


@pytest.fixture
def servers(smdp: SimulatedSmdp) -> Iterator[ServerFactory]:
    """A factory of the simulated server, which the card's trusted CI keys certify."""
    with Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https:
        yield partial(Server, https=https)


@pytest.fixture
def card(euicc: SimulatedEuicc) -> DisturbedCard:
    """The simulated card, which a test can disturb."""
    return DisturbedCard(euicc)


@pytest.fixture
def assistant(card: DisturbedCard, servers: ServerFactory, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant for the card, with its receipts and journal in `tmp_path / "state"`."""
    with Assistant(card, state_dir=tmp_path / "state", servers=servers) as assistant:
        yield assistant
