"""Count the instructions of a start, in a virtual environment with only the wheel and what it depends on.

`python -m tests.support.instructions` prints a table: each command as a multiple of `python -c pass` there,
against the budgets in `tests/budgets.toml`. valgrind counts the same instructions on a busy machine as on a
quiet one. The environment is kept in `build/instructions`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing.pcscd import private_pcscd
from tests.support.budgets import Measure
from tests.support.paths import ROOT

_FOLDER = ROOT / "build" / "instructions"
_PACKAGED = ("src", "asn1", "pyproject.toml", "README.md", "LICENSE")  # what the wheel is built from
_BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
_VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
_COUNTED = re.compile(r"I +refs: +([\d,]+)")


def measures() -> Iterator[Measure]:
    """One for each budget. The card is in a reader of a private smart card service."""
    programs = _installed()
    python, lpa = str(programs / "python"), str(programs / "lpa")
    card = SimulatedEuicc.create(None)
    with private_pcscd() as service, service.reader(card), tempfile.TemporaryDirectory() as state:
        environment = os.environ | service.environment | {"HOME": state, "PYTHONHASHSEED": "0"}
        for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LPA_STATE_DIR", "XDG_STATE_HOME"):
            environment.pop(name, None)
        bare = _instructions((python, "-c", "pass"), environment)
        commands = {
            "import lpa": (python, "-c", "import lpa"),
            "lpa --version": (lpa, "--version"),
            "lpa --help": (lpa, "--help"),
            "lpa list": (lpa, "list"),
            "lpa --json list": (lpa, "--json", "list"),
        }
        for name, command in commands.items():
            multiple = _instructions(command, environment) / bare
            yield Measure("instructions", name, round(multiple, 2), "x")


def _instructions(command: Sequence[str], environment: dict[str, str]) -> int:
    """Of the second run: the first one writes what Python caches."""
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    ran = subprocess.run(
        [*_VALGRIND, *command], env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    counted = _COUNTED.search(ran.stderr.decode())
    assert counted, ran.stderr
    return int(counted[1].replace(",", ""))


def _installed() -> Path:
    """The programs of the environment with the wheel of now. It is made anew if what is locked changed."""
    locked = ROOT / "requirements" / "run.txt"
    seal = hashlib.sha256(locked.read_bytes() + sys.version.encode()).hexdigest()
    programs, sealed = _FOLDER / "bin", _FOLDER / "seal"
    if not (sealed.exists() and sealed.read_text() == seal):
        shutil.rmtree(_FOLDER, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", _FOLDER], check=True)
        _pip(programs, "--require-hashes", "--requirement", locked)
        sealed.write_text(seal)
    with tempfile.TemporaryDirectory() as name:
        _pip(programs, "--no-deps", "--force-reinstall", _wheel(Path(name)))
    return programs


def _pip(programs: Path, *words: str | Path) -> None:
    quiet = ("--quiet", "--quiet", "--disable-pip-version-check")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([programs / "python", "-m", "pip", "install", *quiet, *words], env=environment, check=True)


def _wheel(folder: Path) -> Path:
    """The wheel of these files, also of those that are not committed."""
    source = folder / "source"
    source.mkdir()
    for name in _PACKAGED:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(path, source / name)
    build = [sys.executable, "-c", _BUILD, str(folder)]
    subprocess.run(build, cwd=source, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


if __name__ == "__main__":
    print(*measures(), sep="\n")
