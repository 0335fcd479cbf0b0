"""A simulated card and server with an assistant between them; the card can be disturbed on the way."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

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
from tests.support.states import insist_on_the_table

_CAPTURE = pytest.StashKey[Capture]()


def pytest_configure(config: pytest.Config) -> None:
    """Capture all logs; and let no other run, and nobody else on this computer, wait for our cards."""
    config.stash[_CAPTURE] = Capture()
    os.environ["LPA_LOCK_DIR"] = tempfile.mkdtemp(prefix="lpa-locks-")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the whole run if any test logged what may never be logged."""
    capture = session.config.stash[_CAPTURE]
    capture.close()
    shutil.rmtree(os.environ["LPA_LOCK_DIR"], ignore_errors=True)
    if hasattr(session.config, "workerinput"):  # one of several processes: the first looks at all
        return
    found = list(violations(capture.lines()))
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nLogged, and may not be:", *found[:20], sep="\n")  # noqa: T201  (pytest's report is over)
    else:
        shutil.rmtree(capture.folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test hides what another one had to hide: "1234" is a code here, and a size there."""
    monkeypatch.setattr(redaction, "_known", deque(maxlen=redaction._known.maxlen))


@pytest.fixture
def states_by_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation goes from state to state as the journal's table says."""
    insist_on_the_table(monkeypatch)


@pytest.fixture
def servers(smdp: SimulatedSmdp) -> Iterator[ServerFactory]:
    """The way to the simulated server, for which the card's own list vouches."""
    with Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https:
        yield partial(Server, https=https)


@pytest.fixture
def card(euicc: SimulatedEuicc) -> DisturbedCard:
    """The simulated card, with a hand on its wires."""
    return DisturbedCard(euicc)


@pytest.fixture
def assistant(card: DisturbedCard, servers: ServerFactory, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant that speaks with the card, and keeps its receipts in `tmp_path / "state"`."""
    with Assistant(card, state_dir=tmp_path / "state", servers=servers) as assistant:
        yield assistant
