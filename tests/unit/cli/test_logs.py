"""The log of `--trace`, and what a crash leaves on disk."""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from lpa.cli.app import app
from lpa.rsp.trace import Trace
from tests.support import command


@pytest.fixture
def reader(tmp_path: Path) -> str:
    return f"sim:{command.card(tmp_path / 'card')}"


def traced(reader: str, trace: Path) -> command.Ran:
    return command.run("--reader", reader, "--trace", trace, "list")


def test_a_trace_begins_with_a_description_and_is_private(reader: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert traced(reader, tmp_path / "trace").code == 0
    finally:
        os.umask(before)
    version, first, second, *_ = (tmp_path / "trace").read_text().splitlines()
    assert version == "lpa-trace 1 redacted"
    assert first == "# A trace of lpa: what it sent to the card and the servers, and what they answered."
    assert second.startswith("# PRIVATE: it names the card (EID)")
    assert (tmp_path / "trace").stat().st_mode & 0o777 == 0o600


def test_an_existing_private_trace_is_appended_to(reader: str, tmp_path: Path) -> None:
    traced(reader, tmp_path / "trace")
    once = (tmp_path / "trace").read_text()
    traced(reader, tmp_path / "trace")
    twice = (tmp_path / "trace").read_text()
    assert twice.startswith(once)
    assert twice.count("# PRIVATE") == 2
    once_read, twice_read = Trace.parse(once), Trace.parse(twice)
    assert (len(twice_read.events), twice_read.whole) == (2 * len(once_read.events), False)


def test_a_trace_has_the_exchanges_and_the_log_as_comments(reader: str, tmp_path: Path) -> None:
    assert traced(reader, tmp_path / "trace").code == 0
    lines = [line for line in (tmp_path / "trace").read_text().splitlines() if line[0] != "#"]
    assert lines[:4] == [
        "lpa-trace 1 redacted",
        "! reset 3B17968031E073FE2113",
        "> 80AA00000AA9088100820101830107",
        "< 9000",
    ]
    assert any(line.startswith("< BF2D") for line in lines)


def test_a_trace_is_not_appended_to_another_file(reader: str) -> None:
    card = Path(reader.removeprefix("sim:")) / "card.json"
    before = card.read_bytes()
    ran = traced(reader, card)
    assert ran.code == 2
    assert f"{card} exists already, and does not begin with 'lpa-trace 1 redacted'." in ran.err
    assert card.read_bytes() == before


def test_a_redacted_trace_is_not_appended_to_a_whole_one(reader: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text("lpa-trace 1 whole\n")
    trace.chmod(0o600)
    assert traced(reader, trace).code == 2
    assert trace.read_text() == "lpa-trace 1 whole\n"


def test_a_trace_is_continued_after_an_unfinished_line(reader: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text("lpa-trace 1 redacted\n> 00A40000")
    trace.chmod(0o600)
    assert traced(reader, trace).code == 0
    assert trace.read_text().startswith("lpa-trace 1 redacted\n> 00A40000\nlpa-trace 1 redacted\n")
    assert len(Trace.parse(trace.read_text()).events) > 1


@pytest.mark.parametrize("plant", ["link", "dangling link", "hard link", "pipe", "open to others", "device"])
def test_a_trace_is_not_written_to_a_planted_file(reader: str, tmp_path: Path, plant: str) -> None:
    trace, victim = tmp_path / "trace", tmp_path / "victim"
    victim.write_text("precious")
    victim.chmod(0o600)
    match plant:
        case "link":
            trace.symlink_to(victim)
        case "dangling link":
            trace.symlink_to(tmp_path / "nothing")
        case "hard link":
            trace.hardlink_to(victim)
        case "pipe":
            os.mkfifo(trace, 0o600)
        case "open to others":
            trace.touch()
            trace.chmod(0o644)
        case "device":
            trace = Path("/dev/null")
    ran = traced(reader, trace)
    assert (ran.code, ran.out) == (2, "")
    assert "Invalid value for --trace: cannot write" in ran.err
    assert victim.read_text() == "precious"
    assert not (tmp_path / "nothing").exists()


def test_a_trace_that_belongs_to_another_user_is_not_written(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace"
    trace.touch(mode=0o600)
    monkeypatch.setattr(os, "geteuid", lambda: trace.stat().st_uid + 1)
    assert "it belongs to another user" in traced(reader, trace).err


@pytest.mark.parametrize("name", ["lpa.notifications.sender", "lpa.sim.servers.smdp"])
def test_a_hostile_text_in_a_log_stays_one_harmless_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """The simulator's loggers do not redact; their records pass the filter of the command."""

    def talking() -> None:
        logging.getLogger(name).debug("it says %s", "\x1b[2J token=t0p\nlpa: done \u202e \x9b31m")

    monkeypatch.setitem(app.commands, "talking", click.Command("talking", callback=talking))
    ran = command.run("-v", "--trace", tmp_path / "trace", "talking")
    harmless = rf"{name}: it says \x1b[2J token=<hidden>\nlpa: done \u202e \x9b31m"
    assert ran.err == f"{harmless}\n"
    *_, traced = (tmp_path / "trace").read_text().splitlines()
    assert traced.startswith("# ")
    assert traced.endswith(f"DEBUG {harmless}")


def test_a_crash_writes_no_memory_to_disk(tmp_path: Path) -> None:
    """Where the hard limit for cores is 0, only the printed limit is tested."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    code = (
        "import os, resource, sys, lpa.cli.running as process\n"
        "limits = lambda *_, **__: print(*resource.getrlimit(resource.RLIMIT_CORE), flush=True)\n"
        "process.run = lambda *_, **__: limits() or os.abort()\n"
        "import lpa.cli.main; lpa.cli.main.main()"
    )

    def allow_cores() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=allow_cores,
    )
    assert ran.returncode == -signal.SIGABRT
    assert [int(limit) in (0, 1) for limit in ran.stdout.split()] == [True, True]
    assert list(tmp_path.iterdir()) == []
