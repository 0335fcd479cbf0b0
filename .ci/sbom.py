"""Write what is in a release: each library that comes with it, at which version, and which wants which.

Usage: python .ci/sbom.py FOLDER, after .ci/release.py. Into FOLDER goes sbom.cdx.json (CycloneDX), and its
hash into the SHA256SUMS there. It tells what an installation of requirements/run.txt has, on this system: a
fresh one is made and looked at. Ends with an error if anything is missing, or there for no reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
_LISTS = _ROOT / "requirements"
_TOOLS = Path(sys.executable).parent
_NAME = "sbom.cdx.json"


def main(folder: Path) -> None:
    """Write it into `folder`."""
    bom = _looked_at()
    asked = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found = list(problems(bom, asked, (_LISTS / "run.txt").read_text()))
    if found:
        sys.exit("\n".join(found))
    content = json.dumps(bom, indent=2, sort_keys=True).encode() + b"\n"
    (folder / _NAME).write_bytes(content)
    sums = folder / "SHA256SUMS"
    others = [line for line in sums.read_text().splitlines() if not line.endswith(f"  {_NAME}")]
    sums.write_text("\n".join([*others, f"{hashlib.sha256(content).hexdigest()}  {_NAME}", ""]))


def problems(bom: dict[str, Any], asked: list[str], locked: str) -> list[str]:
    """What is wrong with `bom`, where `asked` is what we want and `locked` what is installed for it."""
    versions = {_normal(name): version for name, version in re.findall(r"(?m)^([\w.-]+)==([\w.]+)", locked)}
    names = {component["bom-ref"]: _normal(component["name"]) for component in bom["components"]}
    wants = {entry["ref"]: entry.get("dependsOn", []) for entry in bom["dependencies"]}
    root = bom["metadata"]["component"]["bom-ref"]
    ours = {names.get(ref) for ref in wants.get(root, [])}
    wrong = [
        f"{component['name']} {component['version']} is not in the list."
        for component in bom["components"]
        if versions.get(_normal(component["name"])) != component["version"]
    ]
    missing = [one for one in asked if _normal(re.split(r"[><=!~;\[ ]", one)[0]) not in ours]
    reached, waiting = set[str](), [root]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting.extend(wants.get(ref, []))
    return [
        *wrong,
        *(f"{one} is asked for, and is not there." for one in missing),
        *(f"Nothing wants {ref}." for ref in names if ref not in reached),
        *(f"{ref} is wanted, and is not there." for ref in reached - set(names) - {root}),
    ]


def _looked_at() -> dict[str, Any]:
    """What the tool says about a fresh installation."""
    with tempfile.TemporaryDirectory() as name:
        _run(sys.executable, "-m", "venv", "--without-pip", name)
        into = (_TOOLS / "pip", "--python", name, "--quiet", "--disable-pip-version-check")
        install = (*into, "install", "--require-hashes", "--no-build-isolation", "--requirement")
        _run(*install, _LISTS / "build.txt")
        _run(*install, _LISTS / "run.txt")
        build = re.findall(r"(?m)^([\w.-]+)==", (_LISTS / "build.txt").read_text())
        _run(*into, "uninstall", "--yes", *build)
        written = Path(name) / _NAME
        tool = (_TOOLS / "cyclonedx-py", "environment", "--pyproject", _ROOT / "pyproject.toml")
        _run(*tool, "--output-reproducible", "--output-format", "JSON", "--output-file", written, name)
        bom: dict[str, Any] = json.loads(written.read_text())
        return bom


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, env=os.environ | {"PATH": f"{_TOOLS}:{os.environ['PATH']}"})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
