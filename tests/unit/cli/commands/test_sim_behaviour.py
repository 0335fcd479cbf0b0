"""`lpa sim new` and `lpa sim card` with a kind of card, settings, and profiles from a template or a file."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from lpa.cli.app import app
from lpa.sim import profile_sets
from lpa.sim.euicc import manners
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.command import Ran

PROFILES = '[[profiles]]\niccid = "8944476500001224158"\nname = "Mine"\nprovider = "Me"\n'


def new(folder: Path, *options: object) -> Ran:
    return command.run("sim", "new", folder / "card", *options)


def loaded(folder: Path) -> SimulatedEuicc:
    with SimulatedEuicc.load(folder / "card") as card:
        return card


def test_a_card_is_like_one_in_the_field_but_for_the_settings_that_are_given(tmp_path: Path) -> None:
    options = ("--like", "eastcompeace", "--behaviour", "protocol=T=1", "--behaviour", "channels=0")
    assert new(tmp_path, *options).code == 0
    card = loaded(tmp_path)
    assert card.behaviour == Behaviour(protocol="T=1", channels=0, accepted=(("iccid", False),))
    assert len(card.profiles) == 3


def test_a_card_may_be_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("# Mine\nblock_size = 99\n")
    assert new(tmp_path, "--like", tmp_path / "mine.toml").code == 0
    assert loaded(tmp_path).behaviour == Behaviour(block_size=99)


@pytest.mark.parametrize("name", profile_sets.templates())
def test_a_template_says_which_profiles_a_card_has_and_how_much_memory(tmp_path: Path, name: str) -> None:
    assert new(tmp_path, "--template", name).code == 0
    card = loaded(tmp_path)
    assert [profile.iccid for profile in card.profiles] == [
        profile.iccid for profile in profile_sets.template(name).profiles
    ]
    assert card._isdr.state.free_memory == (900 if name == "full" else 400_000)


def test_memory_of_ones_own_is_more_than_that_of_a_template(tmp_path: Path) -> None:
    assert new(tmp_path, "--template", "full", "--memory", "0").code == 0
    assert loaded(tmp_path)._isdr.state.free_memory == 0


def test_profiles_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(PROFILES)
    assert new(tmp_path, "--profiles-from", tmp_path / "mine.toml").code == 0
    assert [profile.name for profile in loaded(tmp_path).profiles] == ["Mine"]


def test_a_kind_of_card_may_have_its_own_profiles_if_no_others_are_asked_for(tmp_path: Path) -> None:
    assert new(tmp_path, "--like", "short-iccids").code == 0
    assert [len(profile.iccid) for profile in loaded(tmp_path).profiles] == [18, 18, 20, 19]
    assert command.run("sim", "new", tmp_path / "b", "--like", "short-iccids", "--profiles", "1").code == 0
    with SimulatedEuicc.load(tmp_path / "b") as card:
        assert len(card.profiles) == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--like", "acme"), "'acme' is no known kind of card; expected a TOML file, or 5ber, "),
        (("--behaviour", "channels"), "'channels' is not NAME=VALUE"),
        (("--behaviour", "chanels=0"), "'chanels' is no setting of a card; expected one of generation, "),
        (("--behaviour", "channels=99"), "channels: a card has 0 to 19 logical channels"),
        (("--template", "home"), "'home' is no template; expected empty, full, iot, travel, work"),
        (("--template", "iot", "--profiles", "3"), "--profiles and --template both say which profiles"),
        (("--profiles-from", "FILE", "--template", "iot"), "--template and --profiles-from both say"),
        (
            ("--profiles-from", "FILE"),
            "for '--profiles-from': two profiles have the same ICCID",
        ),
        (("--profiles-from", "NONE"), "NONE cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_is_a_usage_error_and_leaves_no_card(
    tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "FILE").write_text(2 * PROFILES)
    named = [str(tmp_path / option) if option in ("FILE", "NONE") else option for option in options]
    ran = new(tmp_path, *named)
    said = " ".join(ran.err.split())
    assert (ran.code, sentence in said.replace(f"{tmp_path}/", "")) == (2, True), said
    assert not (tmp_path / "card").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--like", "acme"), "'acme' is no known kind of card"),
        (("--like", "estk-me"), "a card can have a second secure element only if it was created with it"),
        (("--behaviour", "protocol=T=3"), 'protocol is "T=3"; expected one of "T=0", "T=1"'),
    ],
)
def test_a_card_in_a_reader_may_not_behave_so(
    tmp_path: Path, options: tuple[str, str], sentence: str
) -> None:
    ran = command.run("sim", "card", command.card(tmp_path / "card"), *options, "--vpcd", "127.0.0.1:1")
    assert (ran.code, sentence in " ".join(ran.err.split())) == (2, True), ran.err


def test_the_kinds_of_cards_are_listed() -> None:
    ran = command.run("sim", "manners")
    assert [line.split("  ")[0] for line in ran.out.splitlines()] == list(manners.names())
    listed = command.run("sim", "manners", "--json").document["result"]["manners"]
    assert {"name": "5ber", "summary": "5ber Ultra: an ISD-R AID of its own"} in listed


def test_the_help_fits_into_80_columns_and_names_every_template() -> None:
    (sim,) = [one for name, one in app.commands.items() if name == "sim"]
    assert isinstance(sim, click.Group)
    for name in ("new", "card", "manners"):
        with click.Context(sim.commands[name], info_name=f"lpa sim {name}", terminal_width=80) as context:
            text = context.get_help()
        assert max(map(len, text.splitlines())) <= 80
        if name == "new":
            assert all(template in text for template in profile_sets.templates())
