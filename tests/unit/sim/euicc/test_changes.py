"""Enable, disable and delete on the simulated card."""

from __future__ import annotations

import pytest

from lpa.sim.euicc.behaviour import Behaviour
from tests.support.numbered_card import NumberedCard, numbered_card, profile, two_profiles
from tests.support.terminal import Terminal

UNKNOWN = "98000000000000000000"

# Enable


def test_enable_disables_the_other_in_the_same_step() -> None:
    card = two_profiles()
    assert card.enable(2) == "BF31038001009000"
    assert card.states == "dE"
    assert card.events == ["disable 1", "enable 2"]


def test_enable_by_isdp_aid() -> None:
    card = two_profiles()
    answer = card.ask("BF3117 A012 4F10 A0000005591010FFFFFFFF8900001100 810100")
    assert (answer, card.states) == ("BF31038001009000", "dE")


def test_enabling_an_unknown_profile_is_not_found() -> None:
    card = two_profiles()
    assert card.ask(f"BF3111 A00C5A0A{UNKNOWN} 810100") == "BF31038001019000"
    assert card.ask("BF3117 A012 4F10 A0000005591010FFFFFFFF8900009900 810100") == "BF31038001019000"


def test_an_iccid_of_9_bytes_is_wrong_data() -> None:
    assert two_profiles().ask("BF3110 A00B5A09 980000000000000000 810100") == "6A80"


def test_enabling_an_enabled_profile_is_refused() -> None:
    card = two_profiles()
    assert (card.enable(1), card.events) == ("BF31038001029000", [])


def test_ppr1_of_the_enabled_profile_forbids_enabling_another() -> None:
    card = numbered_card(profile(1, "enabled", "operational", "ppr1"), profile(2))
    assert (card.enable(2), card.states, card.events) == ("BF31038001039000", "Ed", [])


@pytest.mark.parametrize("kind", ["test", "provisioning"])
def test_ppr1_does_not_forbid_enabling_a_test_or_provisioning_profile(kind: str) -> None:
    card = numbered_card(profile(1, "enabled", "operational", "ppr1"), profile(2, "disabled", kind))
    assert (card.enable(2), card.states) == ("BF31038001009000", "dE")


def test_ppr1_of_other_profiles_does_not_forbid_enabling() -> None:
    rules = ("operational", "ppr1")
    card = numbered_card(
        profile(1, "enabled"), profile(2, "disabled", *rules), profile(3, "disabled", *rules)
    )
    assert card.enable(2) == "BF31038001009000"


def test_a_busy_card_does_not_switch_until_it_is_reset() -> None:
    card = numbered_card(profile(1, "enabled"), profile(2), behaviour=Behaviour(cat_busy=True))
    assert card.enable(2) == "BF31038001059000"
    assert card.disable(1) == "BF32038001059000"
    assert card.ask("BF3404 82020780") == "BF34038001059000"
    assert card.delete(2) == "BF33038001009000"
    card.reset()
    assert NumberedCard(Terminal(card.terminal.card)).disable(1) == "BF32038001009000"


def test_the_checks_of_enable_come_in_order() -> None:
    busy = Behaviour(cat_busy=True)
    card = numbered_card(profile(1, "enabled", "operational", "ppr1"), profile(2), behaviour=busy)
    assert card.ask(f"BF3111 A00C5A0A{UNKNOWN} 810100")[10:12] == "01"
    assert card.enable(1)[10:12] == "02"
    assert card.enable(2)[10:12] == "03"
    testing = numbered_card(profile(1, "enabled", "test"), profile(2), behaviour=busy)
    assert testing.enable(2)[10:12] == "04"


# Disable


def test_disable() -> None:
    card = two_profiles()
    assert card.disable(1) == "BF32038001009000"
    assert (card.states, card.events) == ("dd", ["disable 1"])


def test_disable_by_isdp_aid() -> None:
    card = two_profiles()
    assert card.ask("BF3217 A012 4F10 A0000005591010FFFFFFFF8900001000 810100") == "BF32038001009000"
    assert card.states == "dd"


def test_disabling_an_unknown_profile_is_not_found() -> None:
    assert two_profiles().ask(f"BF3211 A00C5A0A{UNKNOWN} 810100") == "BF32038001019000"


def test_disabling_a_disabled_profile_is_refused() -> None:
    card = two_profiles()
    assert (card.disable(2), card.events) == ("BF32038001029000", [])


def test_ppr1_forbids_disabling() -> None:
    card = numbered_card(profile(1, "enabled", "operational", "ppr1"), behaviour=Behaviour(cat_busy=True))
    assert (card.disable(1), card.states) == ("BF32038001039000", "E")


# Delete


def test_delete() -> None:
    card = two_profiles()
    assert card.delete(2) == "BF33038001009000"
    assert (card.states, card.events) == ("E", ["delete 2"])
    assert card.delete(2) == "BF33038001019000"


def test_delete_by_isdp_aid() -> None:
    card = two_profiles()
    assert card.ask("BF3312 4F10 A0000005591010FFFFFFFF8900001100") == "BF33038001009000"
    assert card.states == "E"


def test_deleting_an_enabled_profile_is_refused() -> None:
    card = numbered_card(profile(1, "enabled", "operational", "ppr2"))
    assert (card.delete(1), card.states, card.events) == ("BF33038001029000", "E", [])


def test_ppr2_forbids_deleting() -> None:
    card = numbered_card(profile(1, "disabled", "operational", "ppr2"))
    assert (card.delete(1), card.states, card.events) == ("BF33038001039000", "d", [])


def test_ppr1_does_not_forbid_deleting() -> None:
    assert numbered_card(profile(1, "disabled", "operational", "ppr1")).delete(1) == "BF33038001009000"


def test_other_notifications_of_a_deleted_profile_stay() -> None:
    card = two_profiles()
    card.disable(1)
    card.delete(1)
    assert card.events == ["disable 1", "delete 1"]


# Test profiles


def test_a_test_profile_makes_no_notifications() -> None:
    card = numbered_card(profile(1, "disabled", "test"))
    card.enable(1)
    card.disable(1)
    card.delete(1)
    assert (card.states, card.events) == ("", [])


def test_after_a_test_profile_only_another_or_the_previous_profile_can_be_enabled() -> None:
    card = numbered_card(
        profile(1, "enabled"), profile(2, "disabled", "test"), profile(3, "disabled", "test"), profile(4)
    )
    assert card.enable(2) == "BF31038001009000"
    assert card.enable(4) == "BF31038001049000"
    assert card.enable(3) == "BF31038001009000"
    assert card.enable(4) == "BF31038001049000"
    assert card.enable(1) == "BF31038001009000"
    assert card.enable(4) == "BF31038001009000"
    assert card.events == ["disable 1", "enable 1", "disable 1", "enable 4"]


def test_disabling_a_test_profile_enables_the_previous_profile() -> None:
    card = numbered_card(profile(1, "enabled"), profile(2, "disabled", "test"))
    card.enable(2)
    assert card.disable(2) == "BF32038001009000"
    assert (card.states, card.events) == ("Ed", ["disable 1", "enable 1"])


def test_disabling_a_test_profile_enables_nothing_if_the_previous_profile_was_deleted() -> None:
    card = numbered_card(profile(1, "enabled"), profile(2, "disabled", "test"))
    card.enable(2)
    assert card.delete(1) == "BF33038001009000"
    assert card.disable(2) == "BF32038001009000"
    assert card.states == "d"


def test_disabling_a_test_profile_does_not_enable_a_provisioning_profile() -> None:
    card = numbered_card(profile(1, "enabled", "provisioning"), profile(2, "disabled", "test"))
    card.enable(2)
    assert card.enable(1) == "BF31038001049000"
    card.disable(2)
    assert card.states == "dd"


# REFRESH


def test_with_a_refresh_the_switch_happens_at_the_reset() -> None:
    card = two_profiles()
    assert card.enable(2, "FF") == "BF3103800100910B"
    assert (card.states, card.events) == ("Ed", [])
    card.reset()
    assert (card.states, card.events) == ("dE", ["disable 1", "enable 2"])


def test_a_card_without_toolkit_answers_9000_and_waits_for_the_reset() -> None:
    card = numbered_card(profile(1, "enabled"), behaviour=Behaviour(answers_9x=False))
    assert card.disable(1, "FF") == "BF32038001009000"
    assert card.states == "E"
    card.reset()
    assert card.states == "d"


def test_any_nonzero_refresh_flag_is_true() -> None:
    assert two_profiles().enable(2, "01") == "BF3103800100910B"


def test_while_a_refresh_is_pending_a_request_for_the_state_is_refused() -> None:
    card = two_profiles()
    card.disable(1, "FF")
    assert card.ask("BF2D00") == "6985"
    assert card.ask("BF2D045C029F70") == "6985"
    assert card.ask("BF2D035C0195") == "BF2D0CA00AE303950102E3039501029000"
    card.reset()
    assert NumberedCard(Terminal(card.terminal.card)).ask("BF2D045C029F70")[-4:] == "9000"


def test_while_a_refresh_is_pending_nothing_else_is_switched() -> None:
    card = two_profiles()
    card.enable(2, "FF")
    assert card.enable(2) == "BF31038001059000"
    assert card.disable(1) == "BF32038001059000"
    assert card.ask("BF3404 82020780") == "BF34038001059000"
    assert card.delete(2) == "BF33038001029000"


def test_a_refresh_is_executed_once() -> None:
    card = two_profiles()
    card.enable(2, "FF")
    card.reset()
    card.reset()
    assert card.events == ["disable 1", "enable 2"]


def test_a_card_may_accept_only_some_identifiers_and_refresh_flags() -> None:
    card = numbered_card(
        profile(1, "enabled"), profile(2), behaviour=Behaviour(accepted=(("isdpAid", True),))
    )
    assert card.enable(2, "FF") == "BF310380017F9000"
    assert card.disable(1) == "BF320380017F9000"
    assert card.ask("BF3117 A012 4F10 A0000005591010FFFFFFFF8900001100 810100") == "BF310380017F9000"
    assert card.ask("BF3117 A012 4F10 A0000005591010FFFFFFFF8900001100 8101FF") == "BF3103800100910B"


_P1, _P2, _P3 = (f"890000000000000000{number}" for number in (1, 2, 3))


@pytest.mark.parametrize("flag", ["00", "FF"])
def test_a_card_may_fall_back_to_another_profile_at_a_reset(flag: str) -> None:
    card = numbered_card(
        profile(1, "enabled"),
        profile(2),
        profile(3, "disabled", "provisioning"),
        behaviour=Behaviour(fallbacks=((_P2, _P3),)),
    )
    card.enable(2, flag)
    card.reset()
    card.reset()
    assert card.states == "ddE"
    assert card.events == ["disable 1", "enable 2", "disable 2", "enable 3"]


def test_a_card_may_enable_a_profile_again_at_a_reset_with_none_enabled() -> None:
    card = numbered_card(profile(1, "enabled"), profile(2), behaviour=Behaviour(fallbacks=(("", _P1),)))
    card.disable(1)
    assert card.states == "dd"
    card.reset()
    assert (card.states, card.events) == ("Ed", ["disable 1", "enable 1"])


def test_a_card_falls_back_to_a_profile_that_it_holds_only() -> None:
    card = numbered_card(profile(1, "enabled"), behaviour=Behaviour(fallbacks=((_P1, _P3),)))
    card.reset()
    assert (card.states, card.events) == ("E", [])


@pytest.mark.parametrize("request_", ["BF3400", "BF3100", "BF3200", "BF3300", "BF3302 8000", "BF3103 810100"])
def test_an_incomplete_request_is_wrong_data(request_: str) -> None:
    assert two_profiles().ask(request_) == "6A80"
