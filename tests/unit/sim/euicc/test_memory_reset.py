"""The memory reset of the simulated card: what it deletes, what stays, and its notifications."""

from __future__ import annotations

import pytest

from lpa.sim.euicc.behaviour import Behaviour
from tests.support.numbered_card import NumberedCard, numbered_card, profile, two_profiles
from tests.support.terminal import Terminal


def every_kind() -> NumberedCard:
    return numbered_card(
        profile(1, "enabled", "operational", "ppr1", "ppr2"),
        profile(2),
        profile(3, "disabled", "test"),
        profile(4, "disabled", "test", preloaded=True),
        profile(5, "disabled", "provisioning"),
    )


def left(card: NumberedCard) -> list[int]:
    return [int(item.iccid[-1]) for item in card.terminal.card.profiles]


def test_a_memory_reset_deletes_operational_profiles_with_notifications() -> None:
    card = every_kind()
    assert card.ask("BF3404 82020780") == "BF3403800100910B"
    assert (left(card), card.events) == ([3, 4, 5], ["delete 1", "delete 2"])


def test_a_memory_reset_deletes_test_profiles_that_were_loaded_in_the_field() -> None:
    card = every_kind()
    assert card.ask("BF3404 82020640") == "BF34038001009000"
    assert (left(card), card.events) == ([1, 2, 4, 5], [])


def test_a_memory_reset_restores_the_default_address_of_the_factory() -> None:
    card = every_kind()
    factory = card.ask("BF3C00")
    card.ask("BF3F05 8003 612E62")
    assert card.ask("BF3404 82020520") == "BF34038001009000"
    assert (card.ask("BF3C00"), left(card)) == (factory, [1, 2, 3, 4, 5])


def test_a_memory_reset_of_everything() -> None:
    card = every_kind()
    assert card.ask("BF3404 820205E0") == "BF3403800100910B"
    assert left(card) == [4, 5]


@pytest.mark.parametrize("options", ["82020640", "82020520", "82020700", "82020318"])
def test_a_memory_reset_without_effect_returns_nothing_to_delete(options: str) -> None:
    card = two_profiles()
    assert card.ask(f"BF3404 {options}") == "BF34038001019000"
    assert card.states == "Ed"


def test_a_memory_reset_that_leaves_the_enabled_profile_needs_no_refresh() -> None:
    card = numbered_card(
        profile(1, "enabled", "provisioning"), profile(2), behaviour=Behaviour(cat_busy=True)
    )
    assert card.ask("BF3404 82020780") == "BF34038001009000"
    assert card.states == "E"


def test_a_memory_reset_does_not_delete_the_profile_of_a_pending_refresh() -> None:
    card = numbered_card(profile(1, "enabled", "provisioning"), profile(2))
    card.enable(2, "FF")
    assert card.ask("BF3404 82020780") == "BF34038001059000"
    card.reset()
    assert card.states == "dE"


def test_after_a_memory_reset_the_refresh_changes_nothing_more() -> None:
    card = two_profiles()
    card.ask("BF3404 82020780")
    assert card.ask("BF2D00") == "6985"
    card.reset()
    assert NumberedCard(Terminal(card.terminal.card)).ask("BF2D00") == "BF2D02A0009000"
    assert card.events == ["delete 1", "delete 2"]
