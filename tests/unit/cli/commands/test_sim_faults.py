"""`lpa sim card` and `lpa sim server` with faults."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from lpa.testing import storm
from tests.support import command


@pytest.mark.parametrize(
    ("arguments", "possible"),
    [
        (("card", ".", "--fault", "DeleteProfil: unplug"), "a card has no point 'DeleteProfil': Select, "),
        (("card", ".", "--fault", "DeleteProfile: explode"), "no action 'explode': unplug"),
        (("server", "--fault", "HandleNotification: unplug"), "no action 'unplug': status N"),
        (("card", ".", "--storm", "x"), "'x' is not a valid integer"),
    ],
)
def test_an_unknown_word_is_a_usage_error_that_lists_what_is_possible(
    arguments: tuple[str, ...], possible: str
) -> None:
    ran = command.run("sim", *arguments)
    assert ran.code == 2
    assert possible in " ".join(ran.err.split())


def test_the_faults_of_a_card_are_printed_and_happen(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        arguments = [*command.PROGRAM, "sim", "card", str(card), "--vpcd", place]
        arguments += ["--fault", "Select: unplug", "--storm", "42"]
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
            try:
                listener.settimeout(20)
                reader, _ = listener.accept()
                with reader:
                    reader.sendall(bytes.fromhex("000101 0007 00A40004023F00"))
                    reader.settimeout(20)
                    assert reader.recv(1) == b""
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=30)[1].splitlines()
            finally:
                process.kill()
    faults = ["before 1st Select: unplug", *map(str, storm(42).card)]
    assert said == [
        "These faults are to happen:",
        *(f"  {fault}" for fault in faults),
        f"Waiting for the virtual reader at {place} ...",
        f"Fault: {faults[0]}",
        "The card has left the reader.",
    ]


def test_the_faults_of_a_server_are_printed_and_happen(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    arguments = [*command.PROGRAM, "sim", "server", "--pki", str(folder), "--fault"]
    arguments.append("HandleNotification: status 503")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            said = [server.stderr.readline() for _ in range(3)]
            options = said[2].partition("with: ")[2].split()
            place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path)
            ran = command.run(*place, *options, "disable", "0017")
            assert "HTTP status 503" in ran.out + ran.err
            server.send_signal(signal.SIGINT)
            out, err = server.communicate(timeout=30)
        finally:
            server.kill()
    assert said[:2] == ["These faults are to happen:\n", "  instead of 1st HandleNotification: status 503\n"]
    assert (err, out) == ("Fault: instead of 1st HandleNotification: status 503\n", "")
