"""Commands with closed streams, a full disk, or no command at all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support import command

FULL = Path("/dev/full")  # Linux: every write fails with "no space left"


def started(redirection: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `lpa` as a shell does, with a redirection."""
    script = f'exec "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", script, "sh", *command.PROGRAM, *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        timeout=20,
    )


@pytest.fixture
def reader(tmp_path: Path) -> str:
    return f"sim:{command.card(tmp_path / 'card')}"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_result_that_cannot_be_written_is_exit_code_3(reader: str, options: tuple[str]) -> None:
    ran = started(f">{FULL}", "--reader", reader, "list", *options)
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr == "lpa: The result could not be written: No space left on device.\n"


def test_a_deletion_whose_result_cannot_be_written_keeps_its_exit_code(reader: str, tmp_path: Path) -> None:
    ran = started(
        f">{FULL}", "--reader", reader, "--state-dir", tmp_path / "state", "delete", "0025", "--yes"
    )
    assert ran.returncode == 4  # The name of the server does not resolve.
    assert "Traceback" not in ran.stderr
    assert "8949985000000000025" not in command.run("--reader", reader, "list").out


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_stop_the_command(reader: str, redirection: str) -> None:
    ran = started(redirection, "--reader", reader, "list")
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_closed_stdin_cannot_confirm(reader: str, tmp_path: Path) -> None:
    ran = started("<&-", "--reader", reader, "--state-dir", tmp_path / "state", "delete", "0025")
    assert ran.returncode == 1
    assert "there is no terminal to ask at" in ran.stderr


def test_a_trace_that_cannot_be_written_is_one_warning(reader: str, tmp_path: Path) -> None:
    limited = 'ulimit -f 1; exec "$@"'  # a file has at most 512 or 1024 bytes
    arguments = [*command.PROGRAM, "--reader", reader, "--trace", str(tmp_path / "trace"), "list"]
    uncounted = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    ran = subprocess.run(
        ["sh", "-c", limited, "sh", *arguments],
        capture_output=True,
        check=False,
        env=uncounted,  # the coverage file would be too large as well
        text=True,
        timeout=20,
    )
    assert ran.returncode == 0
    assert "8944994000000000017" in ran.stdout
    assert ran.stderr == "lpa.cli.logs: the trace is not complete: [Errno 27] File too large\n"


@pytest.mark.parametrize("yes", ["1", "t", "y", "on", "True"])
def test_every_true_value_in_the_environment_requests_json(
    yes: str, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    monkeypatch.setenv("LPA_JSON", yes)
    assert command.run("--reader", reader, "list").document["ok"] is True


@pytest.mark.parametrize("arguments", [(), ("notifications",), ("sim",)])
def test_a_missing_command_is_a_short_error_in_a_document(arguments: tuple[str]) -> None:
    ran = command.run("--json", *arguments)
    assert ran.code == 2
    assert ran.document["error"]["message"] == "Missing command."


def test_a_nickname_may_contain_a_wide_space(reader: str) -> None:
    assert command.run("--reader", reader, "rename", "0025", "我\u3000的").code == 0
    assert "我\u3000的" in command.run("--reader", reader, "list").out
