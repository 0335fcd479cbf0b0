"""Every refusal of a card or server has a sentence, and advice where a person can do something."""

import re

import pytest

from lpa.rsp.reasons import explain
from lpa.rsp.status_codes import server_advice, server_reason
from tests.support.reasons import PAIRS, REFUSALS

COMMANDS = {"list", "show", "enable", "disable", "delete", "info", "notifications"}


def test_there_are_refusals_to_explain() -> None:
    assert len(REFUSALS) > 30


@pytest.mark.parametrize(("function", "reason"), REFUSALS)
def test_every_refusal_of_the_specification_has_a_sentence_and_advice(function: str, reason: str) -> None:
    message, advice = explain(function, reason)
    assert reason not in message
    assert "specification" not in message
    assert re.fullmatch(r"[A-Z].*[^.]\.", message)
    assert re.fullmatch(r"[A-Z].*\.", advice)


@pytest.mark.parametrize(("function", "reason"), REFUSALS)
def test_advice_names_commands_that_exist(function: str, reason: str) -> None:
    assert set(re.findall(r"'lpa (\w+)", explain(function, reason)[1])) <= COMMANDS


def test_the_meaning_of_a_reason_depends_on_the_function() -> None:
    assert explain("EnableProfile", "profileNotInDisabledState")[0] == "The profile is already enabled."
    assert (
        "only a disabled profile can be deleted" in explain("DeleteProfile", "profileNotInDisabledState")[0]
    )
    assert "PPR1" in explain("EnableProfile", "disallowedByPolicy")[0]
    assert "PPR1" in explain("DisableProfile", "disallowedByPolicy")[0]
    assert "PPR2" in explain("DeleteProfile", "disallowedByPolicy")[0]


def test_an_unknown_reason_keeps_its_number() -> None:
    message, advice = explain("DeleteProfile", "99")
    assert message == "The card answered 99 to DeleteProfile, which the specification does not define."
    assert "lpa list" in advice


@pytest.mark.parametrize("pair", PAIRS)
def test_every_pair_of_the_specification_has_its_own_sentence(pair: str) -> None:
    sentence = server_reason(*pair.split("/"))
    assert re.fullmatch(r"[A-Z][^:/]*[^.:/]\.", sentence)


def test_there_is_advice_where_a_person_can_do_something() -> None:
    assert server_advice("8.1", "4.8") == "'lpa info' shows the free memory, 'lpa delete' frees some."
    assert server_advice("8.1", "6.1") is None
    advised = [advice for pair in PAIRS if (advice := server_advice(*pair.split("/")))]
    assert len(advised) > 20
    assert all(re.fullmatch(r"[A-Z'].*\.", advice) for advice in advised)


def test_a_pair_without_a_sentence_is_explained_by_its_two_codes() -> None:
    assert server_reason("8.2.7", "4.10") == "The confirmation code has expired."
    assert server_reason("8.2", "9.9") == "The profile has the status 9.9."
    assert server_reason("9.9", "3.8") == "Subject 9.9 was refused."


def test_unknown_codes_are_not_explained() -> None:
    assert server_reason("9.9", "9.8") == "The specification does not define these codes."
