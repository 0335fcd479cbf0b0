"""The Chinese documents show the same commands as the English ones, in the same sections."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import documented

PAIRS = [
    (path.with_name(path.name.replace(".zh-CN", "")), path)
    for path in documented.DOCUMENTS
    if path.name.endswith(".zh-CN.md")
]
each_pair = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=[pair[0].name for pair in PAIRS])


def levels(document: Path) -> list[int]:
    """The level of each heading, outside of code."""
    prose = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]


def commands(document: Path) -> list[str]:
    """The commands that the console blocks run. The reason for a deletion is in the reader's language."""
    blocks = re.findall(r"^```console\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [re.sub(r'--reason "[^"]*"', "--reason TEXT", line) for line in lines]


def rows(document: Path) -> list[list[str]]:
    """For each table row, the commands that it names, in the order of the alphabet.

    A row about a command may name its subcommands and options alone; in other rows only whole commands count.
    """
    lines = [line for line in document.read_text().splitlines() if line.startswith("|")]
    return [
        sorted(re.findall(r"`([^`]+)`" if line.startswith("| `lpa ") else r"`(lpa [^`]+)`", line))
        for line in lines
    ]


def test_there_are_translations() -> None:
    assert [english.name for english, _ in PAIRS] == ["README.md", "deleting.md", "downloading.md"]


@each_pair
def test_a_translation_has_the_same_headings(english: Path, chinese: Path) -> None:
    assert len(levels(english)) > 4
    assert levels(chinese) == levels(english)


@each_pair
def test_a_translation_runs_the_same_commands(english: Path, chinese: Path) -> None:
    assert commands(english)
    assert commands(chinese) == commands(english)


@each_pair
def test_the_tables_of_a_translation_name_the_same_commands(english: Path, chinese: Path) -> None:
    assert rows(chinese) == rows(english)
