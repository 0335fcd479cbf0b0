"""What is released and what we develop with is the same for everybody."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

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


def bill(**wants: list[str]) -> dict[str, Any]:
    """What is in a release whose libraries want each other like that; all of version 1."""
    return {
        "metadata": {"component": {"bom-ref": "us"}},
        "components": [{"bom-ref": name, "name": name, "version": "1"} for name in wants if name != "us"],
        "dependencies": [{"ref": name, "dependsOn": others} for name, others in wants.items()],
    }


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (bill(us=["A_b"], A_b=["c"], c=[]), []),
        (bill(us=["c"], c=[]), ["a-b>=1 is asked for, and is not there."]),
        (bill(us=["A_b"], A_b=[], c=[]), ["Nothing wants c."]),
        (bill(us=["A_b"], A_b=["c"]), ["c is wanted, and is not there."]),
        (bill(us=["A_b"], A_b=["d"], d=[]), ["d 1 is not in the list."]),
    ],
)
def test_what_is_said_to_be_in_a_release_is_what_is_in_it(found: dict[str, Any], wrong: list[str]) -> None:
    problems = runpy.run_path(str(ROOT / ".ci" / "sbom.py"))["problems"]
    assert (
        problems(found, ["a-b>=1"], "a-b==1 \\\n    --hash=sha256:x\nc==1 ; python_version < '3'\n") == wrong
    )


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
