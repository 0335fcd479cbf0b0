"""The bar at a terminal: what a person reads while a command works."""

from __future__ import annotations

import os
import pty
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa import Step
from lpa.cli.step_bar import StepBar
from tests.support import command
from tests.support.switch_parties import SwitchParties, made

FIRST, SECOND, THIRD = "0017", "0025", "0033"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[SwitchParties]:
    yield from made(tmp_path)


def titles(shown: str) -> list[str]:
    """What stood before the bar, in the order in which it was first shown."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    found = re.findall(r"([A-Z][a-z ]+?) +[━╸╺ ]*━", plain)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (
            ("delete", THIRD, "--yes"),
            [
                "Reading the notifications",
                "Checking the servers",
                "Deleting",
                "Reading the profiles",
                "Sending notifications",
            ],
        ),
        (
            ("enable", SECOND),
            ["Reading the profiles", "Reading the notifications", "Enabling", "Sending notifications"],
        ),
        (
            ("disable", FIRST),
            ["Reading the profiles", "Reading the notifications", "Disabling", "Sending notifications"],
        ),
    ],
)
def test_a_change_says_what_it_does(
    arguments: tuple[str, ...], shown: list[str], parties: SwitchParties
) -> None:
    ran = command.run_beside_a_terminal(*_trusting(parties), *arguments)
    assert ran.code == 0, ran
    assert titles(ran.err) == shown


def test_sending_and_saving_say_what_they_do(parties: SwitchParties, tmp_path: Path) -> None:
    assert command.run(*parties.lost, "disable", FIRST).code == 4
    ran = command.run_beside_a_terminal(*_trusting(parties), "notifications", "send")
    assert ran.code == 0, ran
    assert titles(ran.err) == ["Reading the notifications", "Sending notifications"]
    assert command.run(*_trusting(parties), "enable", FIRST).code == 0
    ran = command.run_beside_a_terminal(*parties.found, "backup", tmp_path / "backup")
    assert ran.code == 0, ran
    assert titles(ran.err) == ["Reading the profiles", "Reading contacts and messages"]
    assert "10 of 10" in ran.err


def test_beside_a_document_and_in_a_pipe_nothing_is_shown(parties: SwitchParties) -> None:
    ran = command.run_beside_a_terminal(*_trusting(parties), "--json", "enable", SECOND)
    assert ran.document["ok"]
    assert "\x1b" not in ran.err
    assert titles(ran.err) == []
    ran = command.run(*_trusting(parties), "enable", FIRST)
    assert "Enabling" not in ran.out + ran.err


def _trusting(parties: SwitchParties) -> tuple[str, ...]:
    return ("--ca-bundle", str(parties.card / "ci.pem"), *parties.found)


def frames(monkeypatch: pytest.MonkeyPatch, *steps: Step) -> str:
    """What a bar shows of these steps."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:
        patch.setattr("sys.stderr", terminal)
        with StepBar() as bar:
            for step in steps:
                bar(step)
        bar(Step("DeleteProfile"))
    shown = command.read_until(ours, ())
    os.close(ours)
    return shown.decode()


def test_a_package_is_counted_in_kib_and_notifications_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = frames(
        monkeypatch,
        Step("GetBoundProfilePackage"),
        Step("GetBoundProfilePackage", 1000, 0),
        Step("GetBoundProfilePackage", 3000, 3000),
        Step("LoadBoundProfilePackage", 0, 3000),
        Step("delivery", 0, 3),
        Step("NotificationSent"),
        Step("delivery", 3, 3),
    )
    expected = ["Waiting for the server", "Receiving the profile", "Installing", "Sending notifications"]
    assert titles(shown) == expected
    for size in ("3 of 3 KiB", "0 of 3 KiB", "0 of 3", "3 of 3"):
        assert size in shown
    assert "of 0" not in shown


def test_a_step_that_needs_no_words_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert frames(monkeypatch, Step("NotificationSent"), Step("SomethingNew", 1, 2)) == ""


def test_after_the_block_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = frames(monkeypatch, Step("EnableProfile"))
    assert titles(shown) == ["Enabling"]


def test_a_terminal_that_is_gone_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    os.close(ours)
    terminal = os.fdopen(theirs, "w", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", terminal)
        with StepBar() as bar:
            bar(Step("EnableProfile"))
            bar(Step("GetProfilesInfo"))
    with pytest.raises(OSError, match="Input/output error"):
        terminal.close()
