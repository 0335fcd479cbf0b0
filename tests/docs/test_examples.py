"""The example programs, run on a simulated card with its SM-DP+."""

from __future__ import annotations

import ast
import io
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import lpa
from lpa.testing import SimulatedEuicc, SimulatedSmdp, packages
from lpa.testing.simulated_lpa import smdp_for
from tests.support.paths import EXAMPLES

ICCID = "8944994000000000993"
SHORT = ("list_profiles.py", "delete_profile.py", "download_profile.py")


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a card, which `Assistant.open` finds by LPA_READER."""
    SimulatedEuicc.create(tmp_path / "card").close()
    monkeypatch.setenv("LPA_READER", f"sim:{tmp_path / 'card'}")
    monkeypatch.setenv("LPA_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "card"


@pytest.fixture
def smdp(card: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedSmdp]:
    """The SM-DP+ of the card, to which `Assistant.open` connects."""
    with SimulatedEuicc.load(card) as euicc:
        server = smdp_for(euicc)
    with (
        server as running,
        lpa.Https(lpa.Trust.system(), connect_to=[lpa.ConnectTo.parse(running.connect_to)]) as https,
    ):
        opened = partial(lpa.Assistant.open, servers=partial(lpa.Server, https=https))
        monkeypatch.setattr(lpa.Assistant, "open", staticmethod(opened))
        yield running


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Example:
    return Example(monkeypatch, capsys)


class Example:
    """Runs an example with its arguments and what a person types; returns what it prints."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, name: str, *arguments: str, typed: str = "") -> str:
        self._monkeypatch.setattr(sys, "argv", [name, *arguments])
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return self._capsys.readouterr().out


def iccids(card: Path) -> list[str]:
    with SimulatedEuicc.load(card) as euicc:
        return [profile.iccid for profile in euicc.profiles]


@pytest.mark.usefixtures("card")
def test_the_list_has_every_profile() -> None:
    command = [sys.executable, str(EXAMPLES / "list_profiles.py")]
    ran = subprocess.run(command, capture_output=True, check=True, env=os.environ | {"PYTHONUTF8": "1"})
    first, *rows = ran.stdout.decode().splitlines()
    assert first.startswith("EID 89999999")
    assert rows == [
        "8944994000000000017   enabled   Albion Mobile",
        "8949985000000000025   disabled  Nordlicht",
        "89869870000000000033  disabled  示例移动",
    ]


def test_a_deletion_is_acknowledged_and_has_receipts(
    card: Path, smdp: SimulatedSmdp, example: Example
) -> None:
    printed = example("delete_profile.py", "0017", typed="y\n")
    assert "Delete Albion Mobile (8944994000000000017) for ever? [y/N] Deleted." in printed
    for event in ("disable", "delete"):
        assert f"{event} -> albion.smdp.example: acknowledged" in printed
    receipts = [line.removeprefix("  receipt: ") for line in printed.splitlines() if "receipt: " in line]
    assert [Path(receipt).read_bytes() for receipt in receipts] == [
        received.raw for received in smdp.received
    ]
    assert iccids(card) == ["8949985000000000025", "89869870000000000033"]


def test_without_consent_nothing_is_deleted(card: Path, smdp: SimulatedSmdp, example: Example) -> None:
    assert "Deleted" not in example("delete_profile.py", "0017", typed="n\n")
    assert (len(iccids(card)), smdp.received) == (3, ())


def test_blockers_and_warnings_are_shown_before_a_deletion(
    card: Path, smdp: SimulatedSmdp, example: Example
) -> None:
    with lpa.Assistant.open() as assistant:
        assistant.protect(assistant.find("0025"))
    printed = example("delete_profile.py", "0025")
    assert printed.startswith("Blocker: ")
    assert "protected" in printed
    assert "for ever" not in printed
    assert len(iccids(card)) == 3


def test_a_download_is_installed(card: Path, smdp: SimulatedSmdp, example: Example) -> None:
    order = smdp.order(packages.sample(ICCID), "ABC-1", confirmation_code="1234")
    printed = example("download_profile.py", order.activation_code, typed="y\n1234\n")
    assert f"albion.smdp.example offers Nordlicht ({ICCID})." in printed
    assert "Installed.\ninstall -> albion.smdp.example: acknowledged" in printed
    assert (order.state, iccids(card)[-1]) == ("installed", ICCID)


def test_without_consent_a_download_is_postponed(card: Path, smdp: SimulatedSmdp, example: Example) -> None:
    order = smdp.order(packages.sample(ICCID), "ABC-1")
    assert "Installed" not in example("download_profile.py", order.activation_code, typed="n\n")
    assert (order.state, len(iccids(card))) == ("released", 3)


def test_blockers_are_shown_before_a_download(card: Path, smdp: SimulatedSmdp, example: Example) -> None:
    order = smdp.order(packages.sample(iccids(card)[0]), "ABC-1")
    printed = example("download_profile.py", order.activation_code)
    assert "Blocker: " in printed
    assert "Install it?" not in printed


@pytest.mark.parametrize("name", SHORT)
def test_an_example_is_short_and_uses_only_public_names(name: str) -> None:
    text = (EXAMPLES / name).read_text("utf-8")
    tree = ast.parse(text)
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {alias.name for node in imported for alias in node.names} <= {"sys", "lpa"}
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert not [node.attr for node in used if node.attr.startswith("_")]
    public = [node.attr for node in used if isinstance(node.value, ast.Name) and node.value.id == "lpa"]
    assert set(public) <= set(lpa.__all__)
    code = tree.body[1:]  # after the docstring
    assert len(text.splitlines()) - code[0].lineno < 20


def test_the_demonstration_runs_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LPA_READER", "LPA_STATE_DIR", "LPA_CONNECT_TO"):
        monkeypatch.delenv(name, raising=False)
    command = [sys.executable, str(EXAMPLES / "demo.py")]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert "delete   8944994000000000017  from the card 89999999" in ran.stdout
    assert "$ lpa receipts list\n" in ran.stdout
