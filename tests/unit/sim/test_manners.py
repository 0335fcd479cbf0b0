"""Cards as they are in the field: what they are called, and what our LPA does with each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.card.es10 import Euicc
from lpa.rsp.names import Aid
from lpa.sim.euicc import manners
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.manners import Manner
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import manner_outcomes
from tests.support.manner_outcomes import Servers

EVERY = list(manners.every())


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with manner_outcomes.running() as servers:
        yield servers


@pytest.mark.parametrize("manner", EVERY, ids=lambda manner: manner.name)
def test_what_the_lpa_does_with_a_card_is_what_the_page_says(manner: Manner, servers: Servers) -> None:
    """After a change: `python -m tests.support.manner_outcomes`, and read the difference."""
    assert manner_outcomes.row(manner, servers) == manner_outcomes.rows().get(manner.name)


def test_the_page_has_a_row_for_each_card() -> None:
    assert list(manner_outcomes.rows()) == [manner.name for manner in EVERY]


@pytest.mark.parametrize("manner", EVERY, ids=lambda manner: manner.name)
def test_a_card_says_what_it_is_and_differs_from_a_conforming_one(manner: Manner) -> None:
    content = Path(str(manners._FILES / f"{manner.name}.toml")).read_text(encoding="utf-8")
    assert manner.summary
    assert content.splitlines()[1].startswith("# Source: ")
    assert "digest" not in content  # only documents that a reader can find
    assert manner.settings or manner.template
    assert (Behaviour.like(manner.name) == Behaviour()) == (manner.name in ("t0", "short-iccids"))


def test_an_unlisted_isdr_is_reached_by_its_aid() -> None:
    card = SimulatedEuicc.create(None, behaviour=Behaviour.like("unknown-aid"))
    with Euicc(card, aids=[Aid.parse(card.behaviour.isdr_aid)]) as euicc:
        assert len(euicc.profiles()) == 3


def test_a_card_may_be_described_by_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('# Mine\nchannels = 0\naccepted = [["isdpAid", true]]\n')
    wanted = Behaviour(channels=0, accepted=(("isdpAid", True),))
    assert (Behaviour.like(file), Behaviour.like(str(file))) == (wanted, wanted)
    assert manners.find(file).summary == "Mine"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("chanels = 0", "chanels is unknown; expected one of generation, protocol, channels, block_size, "),
        ('channels = "0"', 'channels is "0"; expected a whole number'),
        ("channels = 20", "channels: a card has 0 to 19 logical channels beside the basic one, not 20"),
        ("cat_busy = 1", "cat_busy is 1; expected true or false"),
        ('protocol = "T=2"', 'protocol is "T=2"; expected one of "T=0", "T=1"'),
        ("accepted = [[true]]", "accepted[1] is [true]; expected [a text, true or false]"),
        ('omits = ["iccid"]', "omits: 'iccid' is unknown; expected some of isdpAid, "),
        ('refuses_es10 = "9000"', "refuses_es10: expected the status word of an error, such as 6985"),
        ('isdr_aid = "A0"', "isdr_aid: 'A0' is not an AID"),
        ('svn = "2.2"', "svn: '2.2' is not a version such as 2.2.2"),
        ('refuses_segment = ["BF36"]', "refuses_segment: expected a tag and a status"),
        ('refuses_on_channels = ["READ", "6E00"]', "refuses_on_channels: expected SELECT or STORE DATA"),
        ("template = 1", "template is 1; expected a text"),
        ("channels = x", "mine.toml is not a TOML file: Invalid value (at line 1, column 12)"),
    ],
)
def test_a_mistake_in_a_file_is_named_by_its_key(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(content)
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        Behaviour.like(file)
    assert str(caught.value).startswith(str(file))


def test_an_unknown_kind_of_card_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^'estcompeace' is no known kind of card; .*eastcompeace,"):
        Behaviour.like("estcompeace")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.toml cannot be read: No such file"):
        Behaviour.like(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("protocol", "T=1", "T=1"),
        ("channels", "0", 0),
        ("cat_busy", "yes", True),
        ("answers_9x", "false", False),
        ("svn", "2.0.0", "2.0.0"),
        ("refuses_es10", "6985", "6985"),
        ("refuses_segment", "BF36, 6A80", ("BF36", "6A80")),
        ("omits", "", ()),
        ("omits", '["icon", "iconType"]', ("icon", "iconType")),
        ("accepted", '[["isdpAid", true]]', (("isdpAid", True),)),
    ],
)
def test_a_setting_may_be_written_as_a_word(name: str, text: str, value: object) -> None:
    assert getattr(Behaviour().changed([(name, text)]), name) == value


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("chanels", "0", "'chanels' is no setting of a card; expected one of generation, protocol, "),
        ("channels", "-1", "channels: a card has 0 to 19 logical channels beside the basic one, not -1"),
        ("channels", "1.5", 'channels is "1.5"; expected a whole number'),
        ("first_sequence_number", "-1", "first_sequence_number: a sequence number is not negative"),
        ("last_segment_seconds", "86401", "last_segment_seconds: expected 0 to 86400 (a day), not 86401"),
        ("accepted", 5000 * "[", "expected a list, each item [a text, true or false]"),
        ("cat_busy", "maybe", 'cat_busy is "maybe"; expected true or false'),
        ("accepted", "[[", "accepted is '[['; expected a list, each item [a text, true or false]"),
        ("accepted", "all", 'accepted is "all"; expected a list, each item [a text, true or false]'),
    ],
)
def test_a_setting_that_cannot_be_is_answered_with_what_can(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Behaviour().changed([(name, text)])


def test_settings_change_what_the_kind_of_card_says() -> None:
    card = Behaviour.like("le-required").changed([("protocol", "T=0"), ("channels", "1")])
    assert card == Behaviour(store_data_le="required", channels=1)


def test_every_behaviour_survives_being_stored() -> None:
    for manner in EVERY:
        behaviour = Behaviour.like(manner.name)
        assert Behaviour.from_json(behaviour.to_json()) == behaviour
