"""The page about the files of the simulated card lists those that it has, and its programs run."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest

from lpa.sim import samples
from lpa.sim.contents import Contents
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.exporter import exported, rule, verify
from tests.support.paths import DOCS
from tests.support.terminal import T1

TEXT = (DOCS / "simulator" / "files.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
CONDITIONS = {0: "always", None: "never", 0x01: "PIN1", 0x81: "PIN2", 0x0A: "ADM1"}


def rows(*columns: str) -> list[list[str]]:
    """The rows of the table with these columns."""
    heading = f"| {' | '.join(columns)} |\n"
    table = TEXT.split(heading, 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_program_on_the_page_runs(block: str) -> None:
    exec(block, {})  # noqa: S102 - it is our own


def described() -> dict[str, list[str]]:
    """The SFI and the access conditions that the page states, by path or identifier in DF.PHONEBOOK."""
    stated = {row[0]: row[2:5] for row in rows("Path", "File", "SFI", "Read", "Update", "Contents")}
    book = rows("File", "Identifier", "Read", "Update", "Contents")
    return stated | {row[1]: ["", *row[2:4]] for row in book}


def test_the_page_lists_every_file_with_its_access_rule() -> None:
    found: dict[str, list[str]] = {}
    for profile in samples.profiles(3):
        changed = replace(profile, state="enabled", gid1="01", gid2="02")
        card = SimulatedEuicc.create(None, profiles=[changed], behaviour=T1)
        files = exported(card)
        for path, file in files.items():
            if not file.is_folder:
                sfi, conditions = file.value(0x88), rule(card, files, file)
                access = [CONDITIONS[conditions[mode]] for mode in (0x01, 0x02)]
                name = path[-4:] if "5F3A" in path else path
                found[name] = [f"{sfi[0] >> 3:02X}" if sfi else "", *access]
    assert found == described()


def test_the_page_lists_every_key_with_its_default() -> None:
    defaults = {field.name: field.default for field in fields(Contents)}
    card = SimulatedEuicc.create(None, profiles=1)
    verify(card, Contents(), 0x81, 0x0A)
    for reference, _, members, default, tries in rows(
        "Reference", "Key", "Member of `Contents`", "Default", "Tries"
    ):
        member = re.findall(r"`(\w+)`", members)[-1]
        assert f"`{defaults[member]}`" in default
        assert defaults[f"{member.removeprefix('disabled_')}_tries"] == int(tries)
        instruction = "2C" if member.startswith("puk") else "20"
        assert card.transmit(bytes.fromhex(f"00{instruction}00{reference}00"))[1] == 0x63C0 | int(tries)
