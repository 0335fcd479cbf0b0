"""Two runs of `lpa` with one card: the second waits and says for which process, or fails."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lpa.host.locks import Locks
from tests.support import command

PATIENCE = 20


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    card = command.card(tmp_path / "card")
    return [
        "--reader",
        f"sim:{card}",
        "--state-dir",
        str(tmp_path / "state"),
        "--connect-to",
        "::127.0.0.1:1",
    ]


@contextmanager
def deleting(options: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A deletion that waits for confirmation."""
    ours, theirs = pty.openpty()
    arguments = [*command.PROGRAM, *options, "delete", "0025"]
    with subprocess.Popen(arguments, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        try:
            command.read_until(ours, b": ")
            yield process
        finally:
            process.kill()
            os.close(ours)


@contextmanager
def waiting(options: list[str], holder: int) -> Iterator[subprocess.Popen[str]]:
    """A list that has printed for which process it waits."""
    arguments = [*command.PROGRAM, *options, "list"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            assert process.stderr.readline() == (
                f"Waiting until 'lpa delete' (process {holder}) has finished with this card"
                " (--no-wait fails instead) ...\n"
            )
            yield process
        finally:
            process.kill()


def test_no_wait_fails_at_once_and_names_the_other_process(options: list[str]) -> None:
    with deleting(options) as other:
        ran = command.run(*options, "--no-wait", "list")
        document = command.run(*options, "--no-wait", "--json", "list").document
    assert (ran.code, ran.out) == (3, "")
    message = f"The card is in use by 'lpa delete' (process {other.pid})."
    assert ran.err == f"lpa: {message}\nTry again when it has finished.\n"
    assert (document["error"]["kind"], document["error"]["message"]) == ("CardBusy", message)


def test_a_waiting_command_continues_when_the_other_has_ended(options: list[str]) -> None:
    with deleting(options) as other, waiting(options, other.pid) as second:
        other.kill()
        out, err = second.communicate(timeout=PATIENCE)
    assert (second.returncode, err) == (0, "")
    assert "8949985000000000025" in out


def test_ctrl_c_ends_a_waiting_command(options: list[str]) -> None:
    with deleting(options) as other, waiting(options, other.pid) as second:
        second.send_signal(signal.SIGINT)
        out, err = second.communicate(timeout=PATIENCE)
        assert other.poll() is None
    assert (second.returncode, out) == (130, "")
    assert err.lstrip("\n") == "lpa: Interrupted.\nNothing was changed.\n"


def test_two_cards_do_not_wait_for_each_other(options: list[str], tmp_path: Path) -> None:
    card = command.card(tmp_path / "another")
    with deleting(options):
        assert command.run("--reader", f"sim:{card}", "--no-wait", "list").code == 0


def send(options: list[str], *how: object, wait: bool) -> list[str]:
    return ["--json", *options, *(() if wait else ("--no-wait",)), "notifications", "send", *map(str, how)]


@pytest.mark.parametrize("how", ["without the card", "from a folder", "with another card"])
def test_notifications_are_not_sent_while_another_lpa_uses_the_card(
    options: list[str], tmp_path: Path, how: str
) -> None:
    """The other lpa may be about to send them, in order; the lock is that of the card's EID."""
    assert command.run(*options, "disable", "0017").code == 4
    (folder,) = (tmp_path / "state" / "receipts").iterdir()
    ways: dict[str, list[object]] = {"without the card": ["--without-card"], "from a folder": [folder]}
    words = ways.get(how, [])
    if how == "with another card":
        options = ["--reader", f"sim:{command.card(tmp_path / 'another')}", *options[2:]]
    with Locks.of_host(command="lpa delete").lock(f"EID {folder.name}"):
        ran = command.run(*send(options, *words, wait=False))
        (delivery,) = ran.document["result"]["deliveries"]
        assert (ran.code, delivery["problem"]["kind"], delivery["attempts"]) == (4, "CardBusy", 1)
        assert f"'lpa delete' (process {os.getpid()})" in delivery["problem"]["message"]
        arguments = [*command.PROGRAM, *send(options, *words, wait=True)]
        waits = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert waits.stderr
        assert waits.stderr.readline().startswith(f"Waiting until 'lpa delete' (process {os.getpid()})")
    with waits:
        out, _ = waits.communicate(timeout=PATIENCE)
    (delivery,) = command.document(out)["result"]["deliveries"]
    assert (delivery["problem"]["kind"], delivery["attempts"]) == ("ConnectFailed", 2)


def test_an_operation_waits_while_another_lpa_sends_for_its_card(options: list[str], tmp_path: Path) -> None:
    assert command.run(*options, "disable", "0017").code == 4
    (folder,) = (tmp_path / "state" / "receipts").iterdir()
    with Locks.of_host(command="lpa notifications send").lock(f"EID {folder.name}"):
        ran = command.run(*options, "--no-wait", "enable", "0017")
    assert (ran.code, ran.out) == (3, "")
    assert f"'lpa notifications send' (process {os.getpid()})" in ran.err
