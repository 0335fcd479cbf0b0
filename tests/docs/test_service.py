"""The service of the document on embedding, with two simulated cards."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import lpa
from lpa.testing import SimulatedEuicc, SimulatedSmdp
from lpa.testing.simulated_lpa import smdp_for
from tests.support.paths import DOCS, EXAMPLES, ROOT

FIRST, SECOND, THIRD = "8944994000000000017", "8949985000000000025", "89869870000000000033"
SERVICE = EXAMPLES / "service.py"


class Service:
    """The service as a process, and one client of it."""

    def __init__(self, folder: Path, smdp: SimulatedSmdp, opened: ExitStack) -> None:
        self.cards = [f"sim:{folder / name}" for name in ("one", "two")]
        self.state = folder / "state"
        command = ["-m", "tests.support.served", smdp.connect_to, str(folder / "socket"), *self.cards]
        environment = os.environ | {"LPA_STATE_DIR": str(self.state)}
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        opened.callback(self.process.wait)
        opened.callback(self.process.kill)
        assert self.process.stdout
        opened.enter_context(self.process.stdout)
        assert self.process.stdout.readline() == "ready\n"
        self.path = folder / "socket"
        client = opened.enter_context(socket.socket(socket.AF_UNIX))
        client.connect(str(self.path))
        self._stream = opened.enter_context(client.makefile("rw"))

    def send(self, request: object) -> None:
        self._stream.write(json.dumps(request) + "\n")
        self._stream.flush()

    def said(self) -> Any:
        line = self._stream.readline()
        return json.loads(line) if line else None

    def ask(self, card: int, what: str, **more: object) -> Any:
        self.send({"card": self.cards[card], "do": what} | more)
        return self.said()

    def wrong_requests(self) -> Iterator[object]:
        yield from ([], "delete", 1, {}, {"card": "sim:none", "do": "list"}, {"card": [], "do": "list"})
        for what in ("plan", "delete", "erase"):  # without a profile, or another word
            yield {"card": self.cards[0], "do": what}
        iccids: list[object] = [[], 17, "17", ""]
        for iccid in iccids:
            yield {"card": self.cards[0], "do": "plan", "iccid": iccid}
        # It was not planned.
        yield {"card": self.cards[0], "do": "delete", "iccid": FIRST, "accept": []}

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@pytest.fixture
def smdp(tmp_path: Path) -> Iterator[SimulatedSmdp]:
    with SimulatedEuicc.create(tmp_path / "one") as one, smdp_for(one) as smdp:
        SimulatedEuicc.create(tmp_path / "two", authority=one.authority).close()
        one.close()
        yield smdp


@contextmanager
def running(folder: Path, smdp: SimulatedSmdp) -> Iterator[Service]:
    with ExitStack() as opened:
        yield Service(folder, smdp, opened)


def states(folder: Path) -> dict[str, str]:
    with SimulatedEuicc.load(folder) as card:
        return {profile.iccid: profile.state for profile in card.profiles}


def test_the_service_serves_two_cards_until_it_is_terminated(tmp_path: Path, smdp: SimulatedSmdp) -> None:
    with running(tmp_path, smdp) as service:
        assert service.path.stat().st_mode & 0o077 == 0
        for card in (0, 1):
            assert service.ask(card, "list")["answer"][0] == {"iccid": FIRST, "state": "enabled"}
        for request in service.wrong_requests():
            service.send(request)
            assert {*service.said()} == {"error", "message"}, request
        findings = service.ask(0, "plan", iccid=FIRST)["answer"]
        assert {level for level, _, _ in findings} <= {"warning", "note"}
        deleted = service.ask(0, "delete", iccid=FIRST, accept=[name for _, name, _ in findings])
        assert deleted == {"answer": {"problem": "", "unacknowledged": 0}}
        assert [one["iccid"] for one in service.ask(0, "list")["answer"]] == [SECOND, THIRD]
        service.stop()
        assert service.said() is None
        assert service.process.wait(60) == 0
    assert [received.event for received in smdp.received] == ["disable", "delete"]
    assert {*states(tmp_path / "one")} == {SECOND, THIRD}
    assert len(states(tmp_path / "two")) == 3


def test_a_client_is_told_how_a_deletion_ended_that_was_terminated(
    tmp_path: Path, smdp: SimulatedSmdp
) -> None:
    with running(tmp_path, smdp) as service:
        accepted = [name for _, name, _ in service.ask(0, "plan", iccid=FIRST)["answer"]]
        service.send({"card": service.cards[0], "do": "delete", "iccid": FIRST, "accept": accepted})
        service.stop()
        said = service.said()
        assert said["error"] == "Stopped" if "error" in said else said["answer"]["problem"] == ""
        assert service.process.wait(60) == 0
    https = lpa.Https(lpa.Trust.system(), connect_to=[lpa.ConnectTo.parse(smdp.connect_to)])
    opened = partial(lpa.Assistant.open, state_dir=service.state, servers=partial(lpa.Server, https=https))
    with https, opened(service.cards[0]) as assistant:
        assistant.recover()
        assistant.send_notifications()
        assert assistant.notifications() == ()
        assert assistant.journal.lost() == ()
        listed = [str(profile.iccid) for profile in assistant.profiles()]
    received = {(one.event, str(one.iccid)) for one in smdp.received}
    assert (("delete", FIRST) in received) is (FIRST not in listed)


def test_the_document_has_the_service_as_it_is() -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```$", (DOCS / "embedding.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert SERVICE.read_text() in blocks


def test_the_service_has_at_most_60_lines_and_uses_only_public_names() -> None:
    tree = ast.parse(SERVICE.read_text())
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert not [node.attr for node in used if re.match("_[^_]", node.attr)]
    public = [node.attr for node in used if isinstance(node.value, ast.Name) and node.value.id == "lpa"]
    assert {*public} <= {*lpa.__all__}
    code = SERVICE.read_text().partition("import")[2].splitlines()  # after the docstring
    assert len([line for line in code if line.strip() and not line.strip().startswith('"""')]) <= 60
