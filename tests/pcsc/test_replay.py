"""A trace in a virtual reader: an LPA sees through PC/SC what was recorded through PC/SC."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from lpa.rsp.trace import Trace
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.recorded_card import RecordedCard
from lpa.sim.euicc.replay import Replay
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command

from .conftest import PlugIn


@pytest.mark.parametrize("protocol", ["T=0", "T=1"])
def test_a_recorded_session_is_replayed(
    virtual_reader: PlugIn, tmp_path: Path, protocol: Literal["T=0", "T=1"]
) -> None:
    """The recording of the card, and the trace of the command, where Le is never removed."""
    lines: list[str] = []
    trace = tmp_path / "lpa.trace"
    card = RecordedCard(SimulatedEuicc.create(None, behaviour=Behaviour(protocol=protocol)), lines.append)
    with virtual_reader(card) as reader:
        recorded = command.run("--trace", trace, *deletion(reader.name, tmp_path / "first"))
        listed = command.run("--reader", reader.name, "list")
    assert (recorded.code, listed.code) == (4, 0)  # there is no server
    for text, place in (("\n".join(lines), "second"), (trace.read_text(), "third")):
        with Replay(Trace.parse(text)) as replay, virtual_reader(replay) as reader:
            again = command.run(*deletion(reader.name, tmp_path / place))
            assert (again.code, again.out.splitlines()[0]) == (4, recorded.out.splitlines()[0])
            assert receipts(tmp_path / place) == receipts(tmp_path / "first") != []


def deletion(reader: str, folder: Path) -> tuple[object, ...]:
    """The words of a deletion whose receipts are in a new folder."""
    return ("--reader", reader, "--state-dir", folder, "delete", "0025", "--yes")


def receipts(folder: Path) -> list[bytes]:
    """What the card signed."""
    return [path.read_bytes() for path in sorted(folder.rglob("*.der"))]
