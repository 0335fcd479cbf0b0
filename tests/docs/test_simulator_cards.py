"""The examples of the page about simulated cards: its Python runs, and its TOML files are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lpa.sim import profile_sets, samples
from lpa.sim.euicc import manners
from lpa.sim.euicc.behaviour import Behaviour
from tests.support.manner_outcomes import PAGE

TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_python_runs() -> None:
    (script,) = blocks("python")
    exec(compile(script, str(PAGE), "exec"), {})  # noqa: S102 - it is our own page


def test_the_profiles_are_read(tmp_path: Path) -> None:
    (tmp_path / "albion.png").write_bytes(samples.icon(0))
    (tmp_path / "profiles.toml").write_text(blocks("toml")[0], encoding="utf-8")
    found = profile_sets.read(tmp_path / "profiles.toml")
    assert (len(found.profiles), found.free_memory) == (1, 200_000)


def test_every_key_of_a_profile_is_named() -> None:
    keys = profile_sets.keys()
    assert [key for key in keys if not re.search(rf"^{key} =|^\| `{key}` \||\b{key}\b", TEXT, re.M)] == []


def test_the_card_of_ones_own_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(blocks("toml")[1], encoding="utf-8")
    assert Behaviour.like(tmp_path / "mine.toml") == Behaviour(channels=0, block_size=120)
    assert manners.find(tmp_path / "mine.toml").template == "travel"


@pytest.mark.parametrize("name", profile_sets.templates())
def test_every_template_is_in_the_table(name: str) -> None:
    assert f"| `{name}` |" in TEXT
