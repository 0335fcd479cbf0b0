"""Every piece of advice is in the catalogue, and has an id that is stable and documented."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import lpa
from lpa.advice import Advice, catalogue, id_of, joined, values_of
from lpa.advice.cards import WRITE_SIM
from lpa.advice.defaults import TRY_AGAIN
from lpa.advice.profiles import RESUME_RESTORES, UNPROTECT_ONE
from lpa.advice.storage import FREE_DISK_OR, OTHER_FOLDER, of_number
from tests.support.advice import PAGE, constants, given, page, without_catalogue

SOURCES = Path(lpa.__file__).parent


def test_a_template_keeps_its_id_and_what_is_filled_in() -> None:
    filled = WRITE_SIM.filled(name="{card}")
    assert filled == "If it is a simulated card, write sim:{card}."
    assert (filled.id, filled.values) == ("writeSim", {"name": "{card}"})
    with pytest.raises(KeyError):
        WRITE_SIM.filled(wrong="card")


def test_two_sentences_in_a_row_have_both_ids_and_all_values() -> None:
    both = joined(UNPROTECT_ONE.filled(digits="0017"), TRY_AGAIN)
    assert both == "'lpa unprotect 0017' lifts the protection. Try again."
    assert (id_of(both), values_of(both)) == ("unprotectOne+tryAgain", {"digits": "0017"})
    assert joined(RESUME_RESTORES, "") is RESUME_RESTORES
    assert joined("", "") == ""


def test_a_text_without_an_id_leaves_none() -> None:
    assert joined(TRY_AGAIN, "Call me.") == "Try again. Call me."
    assert id_of(joined(TRY_AGAIN, "Call me.")) == ""
    assert values_of("Call me.") == {}


def test_advice_in_advice_is_an_object() -> None:
    assert values_of(FREE_DISK_OR.filled(otherwise=OTHER_FOLDER)) == {
        "otherwise": {"id": "otherFolder", "values": {}}
    }


def test_a_fragment_alone_is_a_sentence_with_its_id() -> None:
    alone = of_number(None, OTHER_FOLDER)
    assert (alone, id_of(alone)) == ("Choose another folder.", "otherFolder")
    assert of_number(None, "try again later") == "Try again later."


@pytest.mark.parametrize("advice", [TRY_AGAIN, WRITE_SIM.filled(name="{0}"), WRITE_SIM])
def test_advice_can_be_copied_and_pickled(advice: Advice) -> None:
    for same in (copy.copy(advice), copy.deepcopy(advice), pickle.loads(pickle.dumps(advice))):  # noqa: S301 (ours)
        assert (same, same.id, same.values) == (advice, advice.id, advice.values)


def test_every_piece_of_advice_in_the_sources_is_from_the_catalogue() -> None:
    assert list(without_catalogue(SOURCES)) == []


def test_the_places_are_found() -> None:
    assert len(list(given(SOURCES))) > 150


def test_an_id_stands_for_one_constant_and_every_template_is_filled_where_it_is_used() -> None:
    named = list(constants(SOURCES))
    assert len({advice.id for _, advice in named}) == len(named)
    for name, advice in named:
        words = advice.id[0] + re.sub(r"([A-Z])", r"_\1", advice.id[1:])
        assert name == words.upper(), "the id is the name of the constant"
    assert {advice for _, advice in named} == set(catalogue().values())


def _values(advice: Advice) -> Iterator[str]:
    yield from re.findall(r"\{(\w+)\}", advice.template)


def test_every_sentence_ends_like_one_or_is_a_fragment_for_another() -> None:
    for advice in catalogue().values():
        assert re.fullmatch(r"['A-Z{-].*[.)]|[a-z][^.]*('|\w)", advice), advice


def test_the_page_lists_every_id_with_its_words() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run 'python -m tests.support.advice'"


def test_no_advice_is_written_twice() -> None:
    assert len(set(catalogue().values())) == len(catalogue())


def _unused(sources: Path) -> set[str]:
    text = " ".join(
        path.read_text(encoding="utf-8") for path in sources.rglob("*.py") if path.parent.name != "advice"
    )
    used = set(re.findall(r"\b[A-Z][A-Z_]+\b", text))
    used |= set(
        re.findall(
            r"\b[A-Z][A-Z_]+\b", (sources / "advice/storage.py").read_text().partition("_BY_NUMBER")[2]
        )
    )
    return {name for name, _ in constants(sources)} - used


def test_every_piece_of_advice_is_used() -> None:
    assert _unused(SOURCES) == set()


def test_templates_are_filled() -> None:
    for place, node in given(SOURCES):
        for name in ast.walk(node):
            if isinstance(name, ast.Name | ast.Attribute):
                constant = dict(constants(SOURCES)).get(name.id if isinstance(name, ast.Name) else name.attr)
                if constant is not None and list(_values(constant)):
                    assert ".filled(" in ast.unparse(node), place
