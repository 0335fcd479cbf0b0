"""Names of secure elements, and the cards that may have two."""

import pytest

from lpa.card import secure_elements
from lpa.card.isdr_search import ISDR_AIDS
from lpa.card.secure_elements import ELEMENT_AIDS
from lpa.errors import NoReader
from lpa.rsp.names import Aid
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.scripted import ScriptedCard

FIRST, SECOND = ELEMENT_AIDS
CUSTOM = Aid.parse("A000000001")

NAMES = [
    ("Reader 1#2", ("Reader 1", 2)),
    ("Reader 1#1", ("Reader 1", 1)),
    ("Reader #2#2", ("Reader #2", 2)),
    ("0#2", ("0", 2)),
    ("#2", ("", 2)),
    ("Reader 1", ("Reader 1", None)),
]


@pytest.mark.parametrize(("name", "parts"), NAMES)
def test_the_number_of_an_element_stands_behind_the_name(name: str, parts: tuple[str, int | None]) -> None:
    assert secure_elements.split(name) == parts
    assert secure_elements.joined(*parts) == name


@pytest.mark.parametrize("name", ["Reader 1#0", "Reader 1#3", "Reader 1#22", "Reader #2 left", ""])
def test_any_other_name_is_left_alone(name: str) -> None:
    assert secure_elements.split(name) == (name, None)


def test_the_aids_of_an_element_do_not_reach_the_other() -> None:
    others = tuple(aid for aid in ISDR_AIDS if aid not in ELEMENT_AIDS)
    assert secure_elements.aids_of(None, ISDR_AIDS) == ISDR_AIDS
    assert secure_elements.aids_of(1, ISDR_AIDS) == (FIRST, *others)
    assert secure_elements.aids_of(2, ISDR_AIDS) == (SECOND,)


def test_an_element_must_be_among_the_aids_that_were_given() -> None:
    assert secure_elements.aids_of(1, [CUSTOM]) == (CUSTOM,)
    with pytest.raises(NoReader, match=str(SECOND)) as caught:
        secure_elements.aids_of(2, [CUSTOM])
    assert "--aid" in caught.value.advice


# As collections of answers to reset have them
@pytest.mark.parametrize(
    "atr",
    [
        "3B9F96801FC78031E073FE2115576573746B2E6D65C1",
        "3B9F96803FC7828031E073FE2115576573746B2E6D6563",
        "3BBF9300801FC68031E073FE2113576573746B2E6D65E3",
    ],
)
def test_the_cards_of_the_maker_are_known_by_their_answer_to_reset(atr: str) -> None:
    class Card(ScriptedCard):
        def __init__(self) -> None:
            super().__init__()
            self.atr = bytes.fromhex(atr)

    assert secure_elements.possible(Card(), ISDR_AIDS[0])
    assert not secure_elements.possible(ScriptedCard(), ISDR_AIDS[0])


def test_a_common_card_has_one_element() -> None:
    assert not secure_elements.possible(SimulatedEuicc.create(None), ISDR_AIDS[0])
    assert secure_elements.possible(ScriptedCard(), SECOND)
