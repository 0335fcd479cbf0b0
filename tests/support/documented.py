"""Run the commands in the documents, each `$ lpa …` of a console block, with a card that never changes.

`python -m tests.support.documented` writes their output into the documents; a test compares it.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.json_schemas.validation import check_printed
from tests.support.paths import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


@contextmanager
def fixed_environment(folder: Path) -> Iterator[dict[str, str]]:
    """A card and its server, and the environment variables that lead to them. Always the same bytes."""
    random_numbers = random.Random(22)  # noqa: S311 - the same card on every day
    with SimulatedEuicc.create(
        folder / "card",
        clock=lambda: datetime(2026, 11, 22, tzinfo=UTC),
        randomness=random_numbers.randbytes,
    ) as euicc:
        authority = euicc.authority
        names = [address for profile in euicc.profiles for address in profile.addresses("delete")]
    with SimulatedSmdp(authority, host=names[0], also=[*names[1:], "smdp.example"]) as smdp:
        smdp.order(packages.sample(name="Nordlicht Travel", size=10_600), "ABC-123")
        yield os.environ | {
            "LPA_READER": f"sim:{folder / 'card'}",
            "LPA_STATE_DIR": str(folder / "state"),
            "LPA_CONNECT_TO": smdp.connect_to,
            "COLUMNS": "100",
        }


def replayed(document: Path) -> str:
    """The text of `document`, with the output that its commands give now."""
    with tempfile.TemporaryDirectory() as folder, fixed_environment(Path(folder)) as environment:

        def block(match: re.Match[str]) -> str:
            commands = [line for line in match[0].splitlines() if line.startswith("$ ")]
            return "".join(f"{line}\n{_printed(line[2:], environment, folder)}" for line in commands)

        return _BLOCK.sub(block, document.read_text())


def _printed(command: str, environment: dict[str, str], folder: str) -> str:
    quiet = command.endswith(" 2>/dev/null")
    program, *words = shlex.split(command.removesuffix(" 2>/dev/null"))
    assert program == "lpa", f"only lpa can be run here, not {program}"
    ran = subprocess.run(
        [sys.executable, "-m", "lpa", *words],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    check_printed(ran.stdout)
    return ran.stdout.replace(f"{folder}/state", "~/.local/state/lpa").replace(folder, "~")


if __name__ == "__main__":
    for path in DOCUMENTS:
        path.write_text(replayed(path))
