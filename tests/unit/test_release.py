"""What is released and what we develop with is the same for everybody."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = sorted((ROOT / "requirements").glob("*.txt"))


def test_two_builds_of_a_commit_are_the_same_to_the_last_byte(tmp_path: Path) -> None:
    """The script builds twice and compares; a third time by hand, much later for all it knows."""
    for folder in ("once", "again"):
        subprocess.run([sys.executable, ".ci/release.py", tmp_path / folder], cwd=ROOT, check=True)
    once, again = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("once", "again")
    )
    assert once == again
    assert sorted(name.partition("-")[2] for name in once) == ["", "0.1.0-py3-none-any.whl", "0.1.0.tar.gz"]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_version_is_exact_and_every_file_has_a_hash(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", path.read_text().strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_no_list_names_a_place_to_load_from(path: Path) -> None:
    assert not re.search(r"://|index-url|find-links|trusted-host", path.read_text())


def test_the_lists_have_all_that_is_asked_for() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        "run": asked["dependencies"],
        "dev": asked["dependencies"] + asked["optional-dependencies"]["dev"],
        "build": ["setuptools", "swig"],
    }
    for name, requirements in wanted.items():
        locked = re.findall(
            r"^([\w.-]+)==", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE
        )
        names = {re.split(r"[><=\[]", one)[0].lower() for one in requirements}
        assert names - {"lpa"} <= set(locked)  # an extra of ours brings its own
