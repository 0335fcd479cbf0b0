"""`make fuzz` fails unless each decoder was fuzzed as requested. Here the fuzzer is a script."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz import __main__ as command

Fuzzer = Callable[[str], None]
DONE = 'echo "stat::number_of_executed_units: 700" >&2'


@pytest.fixture
def fuzzer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fuzzer:
    """Replace the fuzzer by a script; $3 is the target's name, $6 the folder."""

    def prepare(script: str) -> None:
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(program))
        monkeypatch.setattr(command, "FOLDER", tmp_path / ".fuzz")

    return prepare


def test_a_run_without_findings_succeeds(fuzzer: Fuzzer, capsys: pytest.CaptureFixture[str]) -> None:
    fuzzer(DONE)
    assert command.main(["--jobs", "2", "ber", "es10"]) == 0
    _, ber, es10 = capsys.readouterr().out.splitlines()
    assert (ber.split()[:2], es10.split()[:2]) == (["ber", "700"], ["es10", "700"])


@pytest.mark.parametrize("end", ["exit 1", "exit 0", f"{DONE}; exit 77", DONE.replace("700", "0")])
def test_a_fuzzer_that_stopped_early_is_a_failure(
    fuzzer: Fuzzer, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fuzzer(f'echo "why" >&2; [ $3 = ber ] || {{ {DONE}; exit 0; }}; {end}')
    assert command.main(["es10", "ber", "sms"]) == 1
    assert capsys.readouterr().out.count("The fuzzer stopped after") == 1


def test_fewer_runs_than_requested_are_a_failure(fuzzer: Fuzzer, capsys: pytest.CaptureFixture[str]) -> None:
    fuzzer(DONE)
    assert command.main(["--runs", "700", "ber"]) == 0
    assert command.main(["--runs", "701", "ber"]) == 1
    assert "after 700 of 701 inputs" in capsys.readouterr().out


def test_findings_are_listed_and_are_a_failure(
    fuzzer: Fuzzer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each for its own target, even if one name is the prefix of another; .txt files are not findings."""
    fuzzer(f"mkdir -p $6/$3; echo x > $6/$3/$3-0; echo x > $6/$3/$3-0.txt; {DONE}")
    assert command.main(["json-of-download", "json"]) == 1
    out = capsys.readouterr().out
    assert [line.split()[-1] for line in out.splitlines() if " 700 " in line] == ["1", "1"]
    assert f"{tmp_path}/.fuzz/json/json-0\n" in out
    fuzzer(DONE)
    assert command.main(["json"]) == 0  # an old finding
