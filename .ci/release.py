"""Build the release of a commit, twice, and demand that both are the same to the last byte.

Usage: python .ci/release.py FOLDER. Into FOLDER go the source archive, the wheel, and SHA256SUMS of both. All
times in them are that of the commit, so anyone can build them again: see SECURITY.md.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

_ROOT = Path(__file__).parent.parent
# The standard's own way to build (PEP 517), with the setuptools of requirements/build.txt.
_BUILD = """
import sys
from setuptools import build_meta
folder = sys.argv[1]  # setuptools writes its own arguments there
build_meta.build_sdist(folder)
build_meta.build_wheel(folder)
"""


def main(folder: Path) -> None:
    """Build into `folder`. Ends with an error if two builds differ."""
    first, second = _built(), _built()
    if first != second:
        sys.exit(f"Two builds of the same commit differ: {_hashes(first)} {_hashes(second)}")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in first.items():
        (folder / name).write_bytes(content)
    (folder / "SHA256SUMS").write_text(_hashes(first))
    print(_hashes(first), end="")


def _built() -> dict[str, bytes]:
    """The files of a release by name, built from the commit alone, in a folder that is new each time."""
    time = _git("log", "-1", "--format=%ct").decode().strip()
    with tempfile.TemporaryDirectory() as name:
        source, made = Path(name) / "source", Path(name) / "made"
        source.mkdir()
        subprocess.run(["tar", "-x", "-C", source], input=_git("archive", "HEAD"), check=True)
        environment = os.environ | {"SOURCE_DATE_EPOCH": time, "PYTHONHASHSEED": "0", "TZ": "UTC"}
        subprocess.run(
            ["sh", "-c", 'umask 022 && exec "$@"', "sh", sys.executable, "-c", _BUILD, str(made)],
            cwd=source,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for archive_path in made.glob("*.tar.gz"):
            archive_path.write_bytes(_timeless(archive_path.read_bytes(), int(time)))
        return {path.name: path.read_bytes() for path in sorted(made.iterdir())}


def _timeless(archive: bytes, time: int) -> bytes:
    """A source archive without what only tells when, where and by whom it was built."""
    plain = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as old,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            fresh = tarfile.TarInfo(member.name)
            fresh.type, fresh.size, fresh.mtime = member.type, member.size, time
            fresh.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            new.addfile(fresh, old.extractfile(member))
    return gzip.compress(plain.getvalue(), mtime=time)


def _hashes(files: dict[str, bytes]) -> str:
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())


def _git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=_ROOT, check=True, capture_output=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
