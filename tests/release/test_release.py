"""What is released and what we develop with is the same for everybody."""

from __future__ import annotations

import configparser
import email
import importlib
import re
import runpy
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

LISTS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the release of what is committed."""
    return built(tmp_path_factory.mktemp("release") / "once")


def built(folder: Path) -> Path:
    subprocess.run([sys.executable, ".ci/release.py", folder], cwd=ROOT, check=True)
    return folder


def test_two_builds_of_a_commit_are_the_same_to_the_last_byte(release: Path, tmp_path: Path) -> None:
    """The script builds twice and compares. Here it does so again, some time later."""
    once, again = (
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (release, built(tmp_path / "again"))
    )
    assert once == again
    assert sorted(name.partition("-")[2] for name in once) == ["", "0.1.0-py3-none-any.whl", "0.1.0.tar.gz"]


def test_the_source_archive_holds_all_that_is_committed(release: Path) -> None:
    """Also the documents, tests, examples, schema, locked versions and the Makefile."""
    names = {name for name in source(release) if not name.startswith("lpa.egg-info/")}
    assert names - {"PKG-INFO", "setup.cfg"} == committed()


def test_the_wheel_holds_each_package_and_nothing_else(release: Path) -> None:
    modules = {
        re.sub("^(src/lpa|asn1)/", lambda at: "lpa/" if at[1] == "src/lpa" else "lpa/asn1/", name)
        for name in committed()
        if name.startswith(("src/lpa/", "asn1/"))
    }
    installed = {name for name in wheel(release) if ".dist-info/" not in name}
    assert installed == modules
    assert {"lpa/py.typed", "lpa/asn1/rsp.asn", "lpa/asn1/rsp.json"} <= installed


def test_a_wheel_of_the_source_archive_is_the_released_one(release: Path, tmp_path: Path) -> None:
    for name, content in source(release).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    build = "from setuptools import build_meta; build_meta.build_wheel('built')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert wheel(tmp_path / "built") == wheel(release)


def test_the_wheel_has_its_metadata_and_entry_points(release: Path) -> None:
    files = wheel(release)
    metadata = email.message_from_bytes(files["lpa-0.1.0.dist-info/METADATA"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "lpa contributors"
    assert metadata.get_all("Classifier") == project["classifiers"]
    assert "lpa-0.1.0.dist-info/licenses/LICENSE" in files
    offers = configparser.ConfigParser()
    offers.read_string(files["lpa-0.1.0.dist-info/entry_points.txt"].decode())
    assert {group: list(offers[group]) for group in offers.sections()} == {
        "console_scripts": ["lpa"],
        "lpa.transports": ["sim"],
        "pytest11": ["lpa"],
    }
    for group in offers.sections():
        for place in offers[group].values():
            module, _, attributes = place.partition(":")
            found: object = importlib.import_module(module)
            for attribute in filter(None, attributes.split(".")):
                found = getattr(found, attribute)
            assert callable(found) or not attributes


def test_each_folder_of_the_package_is_listed() -> None:
    """setuptools finds packages itself or takes a list, and lpa.asn1, which is in asn1/, needs the list."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    source = ROOT / "src"
    folders = {path.parent for path in (source / "lpa").rglob("*.py")}
    names = {".".join(folder.relative_to(source).parts) for folder in folders}
    assert sorted(names | {"lpa.asn1"}) == listed


def committed() -> set[str]:
    listed = ["git", "ls-tree", "-r", "-z", "--name-only", "HEAD"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return set(filter(None, names.split("\0")))


def source(release: Path) -> dict[str, bytes]:
    """The files of the source archive by name, without the folder that all are in."""
    (path,) = release.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {
            member.name.partition("/")[2]: file.read()
            for member in archive.getmembers()
            if (file := archive.extractfile(member))
        }


def wheel(release: Path) -> dict[str, bytes]:
    """The files of the wheel by name."""
    (path,) = release.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


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
