"""`lpa sim card --record`, `lpa sim server --record`, `lpa sim replay`, `lpa sim convert`."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lpa.cli.commands.recording import recording
from lpa.cli.screen import Screen
from lpa.rsp.trace import HttpExchange, Trace
from tests.support import command
from tests.support.reader_thread import reader_thread

TRACE = """\
lpa-trace 1 redacted
! reset 3B9F96
> 0070000001
< 01 9000
> 0020000108 <8 bytes>
< 63C2
"""


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    (tmp_path / "session.trace").write_text(TRACE)
    return tmp_path / "session.trace"


def test_a_replay_is_a_card_in_a_virtual_reader(trace: Path) -> None:
    with reader_thread("0070000001", "00200001083132333435363738") as reader:
        ran = command.run("sim", "replay", trace, "--vpcd", reader.place, "--json")
    assert reader.answers == ["3B9F96", "019000", "63C2"]
    assert (ran.code, ran.document["result"]) == (0, {"path": str(trace), "remaining": 0})
    assert ran.err == (
        f"Waiting for the virtual reader at {reader.place} ...\n"
        f"The replay of {trace} is in the reader at {reader.place}. Ctrl-C removes it.\n"
        f"The virtual reader at {reader.place} has disconnected.\n"
    )


def test_a_strict_replay_ends_with_the_line_of_the_trace(trace: Path) -> None:
    with reader_thread("00A40004023F00", "0070000001") as reader:
        ran = command.run("sim", "replay", trace, "--vpcd", reader.place)
    assert reader.answers == ["3B9F96"]  # the card is removed
    assert ran.code == 3
    assert "lpa: Line 3 of the trace has 0070000001, and 00A40004023F00 was sent.\n" in ran.err
    assert "or replay it leniently (--lenient, lenient=True)" in ran.err


def test_a_lenient_replay_goes_on(trace: Path) -> None:
    with reader_thread("00A40004023F00", "0070000000", "0070000001", "0070000001") as reader:
        ran = command.run("sim", "replay", trace, "--vpcd", reader.place, "--lenient")
    assert reader.answers == ["3B9F96", "6D00", "6F00", "019000", "019000"]
    assert ran.code == 0


@pytest.mark.parametrize("name", ["replay", "convert"])
def test_a_file_that_cannot_be_used_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "log").write_text("lpa-trace 1 whole\nhello")
    why = {
        "replay": "cannot be replayed: line 2: it begins with none of # ! > < >> <<.",
        "convert": "cannot be converted: no command to a card was found.",
    }
    ran = command.run("sim", name, tmp_path / "log")
    assert (ran.code, ran.out) == (2, "")
    assert f"{tmp_path / 'log'} {why[name]}" in ran.err
    ran = command.run("sim", name, tmp_path / "none")
    assert ran.code == 2
    assert f"cannot read {tmp_path / 'none'}: No such file or directory." in ran.err


LOG = """\
hello, the PIN is 4321
C-APDU: 00 70 00 00 01
R-APDU: 01 90 00
C-APDU: 00 20 00 01 08 31 32 33 34 35 36 37 38
R-APDU: 90 00
"""
CONVERTED = [
    "lpa-trace 1 redacted",
    "> 0070000001",
    "< 01 9000",
    "> 0020000108 <8 bytes>",
    "< 9000",
]


def test_a_converted_log_is_a_trace_without_secrets(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LOG)
    ran = command.run("sim", "convert", tmp_path / "log")
    assert (ran.code, ran.out.splitlines()) == (0, CONVERTED)
    assert ran.err == "2 commands found; 1 other line left out.\n"
    assert Trace.parse(ran.out).whole is False
    document = command.run("sim", "convert", tmp_path / "log", "--json").document
    assert document["result"] == {"trace": CONVERTED, "commands": 2, "other_lines": 1}


def test_a_log_may_come_from_a_pipe() -> None:
    words = [sys.executable, "-m", "lpa", "sim", "convert", "-"]
    ran = subprocess.run(words, input=LOG, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == CONVERTED


def test_a_whole_trace_is_redacted_by_converting_it(tmp_path: Path) -> None:
    (tmp_path / "whole").write_text("lpa-trace 1 whole\n! reset 3B9F96\n> 00200001043132333435\n< 9000\n")
    ran = command.run("sim", "convert", tmp_path / "whole")
    assert ran.out.splitlines() == ["lpa-trace 1 redacted", "> 0020000104 <5 bytes>", "< 9000"]


def test_a_simulated_card_is_recorded_whole(tmp_path: Path) -> None:
    card, record = command.card(tmp_path / "card"), tmp_path / "session.trace"
    with reader_thread("0070000001", "0020000108 3132333435363738") as reader:
        ran = command.run("sim", "card", card, "--vpcd", reader.place, "--record", record)
    assert ran.code == 0
    atr, opened, verified = reader.answers
    assert record.read_text().splitlines() == [
        "lpa-trace 1 whole",
        f"! reset {atr}",
        f"! reset {atr}",
        "> 0070000001",
        f"< {opened[:-4]} {opened[-4:]}",
        "> 00200001083132333435363738",
        f"< {verified}",
    ]
    assert record.stat().st_mode & 0o777 == 0o600


def test_a_recording_is_appended_to(tmp_path: Path) -> None:
    """A second try, because no reader was there, does not have to begin with removing a file."""
    card, record = command.card(tmp_path / "card"), tmp_path / "session.trace"
    line = ("sim", "card", card, "--vpcd", "127.0.0.1:1", "--record", record)
    assert [command.run(*line).code for _ in range(2)] == [3, 3]
    assert record.read_text().count("lpa-trace 1 whole\n") == 2
    assert Trace.parse(record.read_text()).whole


@pytest.mark.parametrize("words", [("card", "CARD"), ("server", "--pki", "CARD")], ids=["card", "server"])
def test_a_recording_replaces_no_file(tmp_path: Path, words: tuple[str, ...]) -> None:
    card = command.card(tmp_path / "card")
    (tmp_path / "old").write_text("precious")
    (tmp_path / "old").chmod(0o600)
    (tmp_path / "of the other").write_text(
        "lpa-trace 1 " + {"card": "redacted\n", "server": "whole\n"}[words[0]]
    )
    line = ["sim", *(str(card) if word == "CARD" else word for word in words), "--record"]
    ran = command.run(*line, tmp_path / "old")
    assert (ran.code, (tmp_path / "old").read_text()) == (2, "precious")
    assert f"{tmp_path / 'old'} exists already, and does not begin with 'lpa-trace 1 " in ran.err
    assert command.run(*line, tmp_path / "of the other").code == 2
    ran = command.run(*line, tmp_path / "none" / "new")
    assert ran.code == 2
    assert "cannot write" in ran.err


def test_a_recording_that_cannot_be_written_is_one_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is recorded goes on: a recording is not worth a broken download."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with recording(tmp_path / "trace", Screen(json=False), whole=True) as write:
        write("lpa-trace 1 whole")
        resource.setrlimit(resource.RLIMIT_FSIZE, (18, before[1]))
        try:
            write("> 00A40000")
            write("< 9000")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "trace").read_text() == "lpa-trace 1 whole\n"
    assert capsys.readouterr().err == (
        f"The recording in {tmp_path / 'trace'} is not complete: File too large.\n"
    )


def test_a_simulated_server_is_recorded_without_secrets(tmp_path: Path) -> None:
    card, record = command.card(tmp_path / "card"), tmp_path / "server.trace"
    order = ("sim", "server", "--pki", card, "order", "add", "--matching-id", "SECRET-1")
    assert command.run(*order).code == 0
    words = [*command.PROGRAM, "sim", "server", "--pki", str(card), "--record", str(record)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            options = server.stderr.readline().partition("with: ")[2].split()
            place = ("--reader", f"sim:{card}", "--state-dir", tmp_path / "state")
            downloaded = command.run(*place, *options, "download", "1$smdp.example$SECRET-1", "--yes")
            assert downloaded.code == 0
            server.send_signal(signal.SIGINT)
            assert server.communicate(timeout=30)[1] == ""
        finally:
            server.kill()
    text = record.read_text()
    exchanges = [event for event in Trace.parse(text).events if isinstance(event, HttpExchange)]
    assert [(exchange.url.rpartition("/")[2], exchange.status) for exchange in exchanges] == [
        ("initiateAuthentication", 200),
        ("authenticateClient", 200),
        ("getBoundProfilePackage", 200),
        ("handleNotification", 204),
    ]
    assert exchanges[0].url == "smdp.example/gsma/rsp2/es9plus/initiateAuthentication"
    assert text.startswith("lpa-trace 1 redacted\n")
    assert "SECRET-1" not in text
    assert max(map(len, text.splitlines())) < 400
