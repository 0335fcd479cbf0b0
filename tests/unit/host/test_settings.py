"""The folder of the journal and the receipts, as the environment says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from lpa.host import settings

USUAL = [
    {"HOME": "/home/ada"},
    {"HOME": "/home/ada/"},
    {"HOME": "/home/ada", "XDG_STATE_HOME": ""},
    {"HOME": "/home/ada", "XDG_STATE_HOME": "/var/state/"},
]
ODD = [
    {"HOME": "/home/ada", "XDG_STATE_HOME": " "},
    {"HOME": "/home/ada", "XDG_STATE_HOME": " /var/state "},
    {"HOME": "/home/ada", "XDG_STATE_HOME": "relative"},
    {"HOME": "relative"},
    {"HOME": ""},
    {},
]


@pytest.mark.parametrize("environment", USUAL + ODD)
def test_the_state_folder_is_that_of_platformdirs(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "LPA_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings.state_dir() == platformdirs.user_state_path("lpa", appauthor=False)


@pytest.mark.parametrize("environment", USUAL)
def test_a_usual_state_folder_is_found_without_platformdirs(environment: dict[str, str]) -> None:
    code = "import lpa.host.settings as of, sys; of.state_dir(); print('platformdirs' in sys.modules)"
    path = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment | path, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_a_named_folder_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LPA_STATE_DIR", str(tmp_path / "named"))
    assert settings.state_dir() == tmp_path / "named"
    assert settings.state_dir(tmp_path) == tmp_path
