"""Whatever goes wrong during a deletion with delivery, nothing is lost and no outcome is stated wrongly.

Each storm is a number: the faults that it makes happen to the card and to the server, over real TLS. Then a
new session with a calm card and server resumes, and the invariants of the killed sessions are checked.

`LPA_SOAK=1` takes a thousand storms; without it every fiftieth is taken.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import LpaError, OutcomeUnknown
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import CiPkIds, Trust
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.ledger import Ledger
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing import storm
from tests.support.invariants import card_state, check_invariants, resume_in_new_session, states
from tests.support.killed_child import SMDP, FaultInjector, WatchedCard, Workspace, session
from tests.support.sweeps import sample

_FIRST, _SECOND, _THIRD = "8944994000000000017", "8949985000000000025", "89869870000000000033"
_ENDS = {_SECOND: "disabled", _THIRD: "disabled"}

pytestmark = pytest.mark.usefixtures("states_by_the_table")


class NotedServers:
    """A factory of servers that note each delivery in a workspace."""

    def __init__(self, workspace: Workspace, https: Https) -> None:
        self.workspace, self.https = workspace, https

    def __call__(self, address: ServerAddress, /, *, ci_pkids: CiPkIds) -> Server:
        workspace = self.workspace

        class NotedServer(Server):
            def handle_notification(self, pending: bytes) -> dict[str, str]:
                with workspace.noting_delivery(pending):
                    return super().handle_notification(pending)

        return NotedServer(address, self.https, ci_pkids=ci_pkids)


@contextlib.contextmanager
def stormy_session(workspace: Workspace, seed: int) -> Iterator[Assistant]:
    """An assistant with the card of the workspace and its SM-DP+, to both of which the storm happens."""
    card, faults = SimulatedEuicc.load(workspace.card), storm(seed)
    addresses = sorted({address for one in card.profiles for _, address in one.notifications})
    with (
        SimulatedSmdp(card.authority, host=SMDP, also=addresses, store=workspace.server) as smdp,
        Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https,
    ):
        for schedule in (card.faults, smdp.faults):
            schedule.sleep = lambda _: None
            schedule.on_fault = lambda fault: workspace.note("fault", fault)
        card.faults.add(*faults.card)
        smdp.faults.add(*faults.server)
        transport = WatchedCard(card, workspace, FaultInjector())
        with Assistant(
            transport, state_dir=workspace.state, servers=NotedServers(workspace, https)
        ) as assistant:
            yield assistant


def delete_first(assistant: Assistant) -> None:
    plan = assistant.plan_deletion(_FIRST, disable_first=True)
    assistant.delete(assistant.review_deletion(plan))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace in which every deletion begins."""
    workspace = Workspace(tmp_path_factory.mktemp("storms") / "template")
    SimulatedEuicc.create(workspace.card).close()
    return workspace.folder


@pytest.mark.parametrize("seed", sample(range(1000), 50))
def test_in_no_storm_anything_is_lost_or_stated_wrongly(template: Path, tmp_path: Path, seed: int) -> None:
    workspace = Workspace(tmp_path / "workspace")
    shutil.copytree(template, workspace.folder)
    workspace.note("storm", seed)
    error = None
    try:
        with stormy_session(workspace, seed) as assistant:
            delete_first(assistant)
    except LpaError as raised:
        error = raised
    if not isinstance(error, OutcomeUnknown):
        assert (states(workspace) == _ENDS) is (error is None), error
    resume_in_new_session(workspace)
    check = check_delivered if is_damaged(workspace) else check_invariants
    check(workspace)
    if states(workspace) != _ENDS:
        with session(workspace, FaultInjector()) as calm:
            delete_first(calm)
        check(workspace)
    assert states(workspace) == _ENDS


def is_damaged(workspace: Workspace) -> bool:
    """Whether a receipt is not what the card signed, because a fault altered it.

    Only the server can know: it refuses the copy, which stays pending although the original is delivered.
    """
    genuine = {received.raw for received in Ledger(workspace.server).received}
    altered = any(words[0] == "fault" and "alter" in words for words in workspace.notes)
    return altered and any(path.read_bytes() not in genuine for path in workspace.state.rglob("*.der"))


def check_delivered(workspace: Workspace) -> None:
    """Check that the server received all that the card signed, and that nothing is left on the card."""
    card = card_state(workspace)
    assert card.notifications == ()
    received = Ledger(workspace.server).received
    assert sorted(one.sequence_number for one in received) == list(range(1, card.next_sequence_number))
