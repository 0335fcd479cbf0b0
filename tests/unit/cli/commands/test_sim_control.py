"""The option `--control` of `lpa sim card` and `lpa sim server`."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support import command
from tests.support.reader_thread import reader_thread


def test_port_0_is_a_free_one_which_the_command_prints(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    arguments = [*command.PROGRAM, "sim", "server", "--pki", str(card), "--control", "localhost:0"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            found = re.fullmatch(r"It takes commands at localhost:(\d+)\.\n", server.stderr.readline())
            assert found
            with socket.create_connection(("127.0.0.1", int(found[1])), timeout=20) as control:
                control.sendall(b'{"do": "show"}\n')
                assert control.makefile().readline().startswith('{"ok": true, "received": []')
            server.send_signal(signal.SIGINT)
            assert server.wait(30) == 0
        finally:
            server.kill()


def test_a_card_in_a_reader_takes_commands(tmp_path: Path) -> None:
    with reader_thread() as reader:
        card = command.card(tmp_path / "card")
        ran = command.run("sim", "card", card, "--vpcd", reader.place, "--control", "127.0.0.1:0")
    assert ran.code == 0
    assert re.search(r"^It takes commands at 127\.0\.0\.1:[1-9]\d*\.$", ran.err, re.MULTILINE)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("localhost:65536", "'localhost:65536' is not HOST:PORT."),
        ("localhost", "'localhost' is not HOST:PORT."),
        ("", "'' is not HOST:PORT."),
        ("127.0.0.1:{taken}", "cannot listen at 127.0.0.1:{taken}: Address already in use."),
    ],
)
def test_an_address_that_cannot_be_used_is_a_usage_error(tmp_path: Path, place: str, sentence: str) -> None:
    card = command.card(tmp_path / "card")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        ran = command.run("sim", "server", "--pki", card, "--control", place.format(taken=taken))
    assert ran.code == 2
    assert f"Invalid value for '--control': {sentence.format(taken=taken)}" in " ".join(ran.err.split())
